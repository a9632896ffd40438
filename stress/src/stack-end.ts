// Calls something where the stack ends: deeper and deeper until nothing fits, then again at each level on the
// way back, with a few bytes more each time, until it succeeds. So the stack overflows at each of its calls.

/** Every attempt but the last ends in a stack overflow somewhere inside `call`. */
export function callAtStackEnd<T>(call: () => T): T {
  try {
    return callAtStackEnd(call);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return call();
  }
}
