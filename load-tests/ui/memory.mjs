// A person at work, for minutes: what stays on the heap after a collection should not grow.

/** Rounds before the first look: Monaco, its languages and the compiler's caches are made once. */
const WARM_UP = 12;

export async function memory(page, report, minutes, openFile) {
  const devtools = await page.context().newCDPSession(page);
  const look = async () => {
    for (let n = 0; n < 3; n++) {
      await devtools.send("HeapProfiler.collectGarbage");
      await page.waitForTimeout(300);
    }
    const { usedSize } = await devtools.send("Runtime.getHeapUsage");
    const { nodes, jsEventListeners } = await devtools.send("Memory.getDOMCounters");
    return { heap: usedSize / 1e6, nodes, listeners: jsEventListeners };
  };
  const round = async () => {
    await page.evaluate(() => (window.bench.keys = []));
    await openFile("large.py");
    await page.getByTestId("code").locator(".view-lines").click();
    await page.keyboard.type("abc", { delay: 30 });
    for (let n = 0; n < 3; n++) await page.keyboard.press("Control+Z");
    await page.keyboard.press("Alt+W");
    await openFile("main.py");
  };
  for (let n = 0; n < WARM_UP; n++) await round();
  const before = await look();
  const end = Date.now() + minutes * 60_000;
  const course = [before.heap];
  let rounds = 0;
  let next = Date.now() + 300_000;
  while (Date.now() < end) {
    await round();
    rounds++;
    if (Date.now() < next) continue;
    next += 300_000;
    course.push((await look()).heap);
    console.error(`  heap after ${rounds} rounds: ${course.at(-1).toFixed(1)} MB`);
  }
  const after = await look();
  course.push(after.heap);
  const grew = (to, from) => Math.round(((to - from) / from) * 1000) / 10;
  report.add(`heap after ${WARM_UP} rounds of use, to warm up`, before.heap.toFixed(1), "MB");
  report.add(`heap after ${minutes} min and ${rounds} rounds more`, after.heap.toFixed(1), "MB");
  report.add("heap growth", grew(after.heap, before.heap), "%", { limit: 10 });
  report.add("DOM nodes and listeners, growth", `${after.nodes - before.nodes} and ${after.listeners - before.listeners}`, "");
  if (course.length > 3) report.add("… heap, a look every 5 min", course.map((size) => size.toFixed(1)).join(" "), "MB");
}
