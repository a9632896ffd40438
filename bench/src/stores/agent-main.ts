/** The worker, or the process, of an agent. */
import { parentPort, workerData } from "node:worker_threads";
import { type AgentOrders, agentOf, type WindowOrders } from "./agent.ts";

type Say = (message: unknown) => void;
type Hear = (listener: (message: WindowOrders) => void) => void;

const [say, hear]: [Say, Hear] =
  parentPort === null
    ? [(message) => process.send?.(message), (listener) => process.on("message", listener as never)]
    : [(message) => parentPort?.postMessage(message), (listener) => parentPort?.on("message", listener)];
const orders = (workerData ?? JSON.parse(process.argv[2] as string)) as AgentOrders;

const agent = await agentOf(orders);
hear(async (window) => {
  if (window.does !== "end") return say(await agent.run(window));
  await agent.close();
  process.exit();
});
say("ready");
