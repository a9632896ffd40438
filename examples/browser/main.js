// The page: makes the heap, starts two workers on it, draws the sparks straight from the shared memory, and shows
// what stats() says while the workers are at it.

import { SlabAllocator } from "offheap";
import { field, tableBytes, tableLength } from "/sparks.js";

const element = (id) => document.getElementById(id);
const count = (number) => number.toLocaleString("en");
const statsMilliseconds = 250;

if (crossOriginIsolated) start();
else element("not-isolated").hidden = false;

function start() {
  const heap = new SlabAllocator({ capacity: 8 * 2 ** 20, maxWorkers: 4 });
  const table = heap.allocate(tableBytes);
  heap.u8.fill(0, table, table + tableBytes);
  const names = new Map([[heap.workerId, "this page"]]);
  const workers = ["maker.js", "mover.js"].map((name) => {
    const worker = new Worker(`/${name}`, { type: "module" });
    // A worker's first word is its id in the heap.
    worker.onmessage = ({ data: workerId }) => names.set(workerId, name);
    worker.postMessage({ handle: heap.handle, table });
    return worker;
  });

  let frame = requestAnimationFrame(function draw() {
    drawSparks(heap, table);
    frame = requestAnimationFrame(draw);
  });
  const timer = setInterval(() => showStats(heap, names), statsMilliseconds);
  element("stop").onclick = async () => {
    element("stop").disabled = true;
    await Promise.all(workers.map(stopped));
    cancelAnimationFrame(frame);
    clearInterval(timer);
    freeAll(heap, table);
    showStats(heap, names);
    const violations = heap.check();
    element("outcome").textContent =
      `${heap.stats().liveObjects} objects live, ${violations.length} violations`;
  };
}

function stopped(worker) {
  return new Promise((resolve) => {
    worker.onmessage = resolve;
    worker.postMessage("stop");
  });
}

/** What the workers left behind is freed here: an address is good in every thread. */
function freeAll(heap, table) {
  for (let at = table / 4; at < table / 4 + tableLength; at++) {
    const address = Atomics.load(heap.i32, at);
    if (address !== 0) heap.deallocate(address);
  }
  heap.deallocate(table);
}

function drawSparks({ i32, f32 }, table) {
  const canvas = element("sky");
  const scale = devicePixelRatio;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (canvas.width !== width * scale) [canvas.width, canvas.height] = [width * scale, height * scale];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.globalCompositeOperation = "lighter";
  context.lineCap = "round";
  // A spark may be freed while it is drawn: then a line is astray for one frame, and nothing is harmed.
  for (let at = table / 4; at < table / 4 + tableLength; at++) {
    const address = Atomics.load(i32, at);
    if (address !== 0) drawSpark(context, f32, address / 4, width, height);
  }
}

function drawSpark(context, f32, at, width, height) {
  const [age, trail] = [f32[at + field.age], f32[at + field.trail]];
  const fade = 1 - age / f32[at + field.life];
  context.strokeStyle = `hsl(${f32[at + field.hue]} 90% 62% / ${0.75 * fade})`;
  context.lineWidth = 0.8 + 1.6 * fade;
  context.beginPath();
  context.moveTo(f32[at + field.x] * width, f32[at + field.y] * height);
  for (let back = 1; back <= Math.min(age, trail); back++) {
    const place = at + field.places + 2 * ((age - back) % trail);
    context.lineTo(f32[place] * width, f32[place + 1] * height);
  }
  context.stroke();
}

function showStats(heap, names) {
  const { allocs, deallocs, liveObjects, liveBytes, spanBytes, capacity, sizeClasses, workers } =
    heap.stats();
  const numbers = { live: liveObjects, allocs, deallocs };
  for (const [id, number] of Object.entries(numbers)) element(id).textContent = count(number);
  element("bytes").textContent = `${(liveBytes / 1024).toFixed(0)} KiB`;
  element("slabs").textContent = `${(spanBytes / 1024).toFixed(0)} of ${count(capacity / 1024)} KiB in slabs`;
  const used = sizeClasses.filter(({ totalSlabs }) => totalSlabs > 0);
  const most = Math.max(...used.map(({ allocated }) => allocated), 1);
  element("classes").replaceChildren(...used.map((entry) => bar(entry, most)));
  element("workers").replaceChildren(...workers.map((worker) => row(worker, names)));
}

function bar({ objectSize, allocated }, most) {
  const line = document.createElement("li");
  line.innerHTML = '<span class="size"></span><span class="bar"><i></i></span><span class="number"></span>';
  line.querySelector(".size").textContent = `${count(objectSize)} B`;
  line.querySelector("i").style.width = `${(100 * allocated) / most}%`;
  line.querySelector(".number").textContent = count(allocated);
  return line;
}

function row({ workerId, allocs, deallocs, cached }, names) {
  const line = document.createElement("tr");
  const name = names.get(workerId) ?? "";
  for (const text of [name, count(allocs), count(deallocs), count(cached)])
    line.insertCell().textContent = text;
  return line;
}
