// Time that passes: of the host, which no language library knows.

export function rest(milliseconds: number): Promise<void> {
  const { setTimeout } = globalThis as unknown as { setTimeout(call: () => void, ms: number): unknown };
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
