import { expect, makeProject, MOD, row, signedIn, test } from "./support";

test("panes are as wide as the seed says, can be dragged and closed, and stay so", async ({ page }) => {
  const token = await signedIn(page);
  const project = await makeProject(page.request, token, { "a.txt": "" });
  await page.goto(`/?project=${project}`);
  await expect(row(page, "a.txt")).toBeVisible();
  const explorer = page.getByRole("complementary", { name: "Side bar" });
  const width = async () => (await explorer.boundingBox())?.width;
  expect(await width()).toBe(280);
  const edge = (await page.getByRole("separator", { name: "Side bar width" }).boundingBox())!;
  await page.mouse.move(edge.x + edge.width / 2, edge.y + 200);
  await page.mouse.down();
  await page.mouse.move(edge.x + edge.width / 2 + 60, edge.y + 200, { steps: 4 });
  await page.mouse.up();
  expect(await width()).toBe(340);
  await page.keyboard.press(`${MOD}+J`);
  await page.reload();
  await expect(row(page, "a.txt")).toBeVisible();
  expect(await width()).toBe(340);
  await expect(page.getByRole("region", { name: "Panel" })).toHaveCount(0);
  await page.keyboard.press(`${MOD}+B`);
  await expect(explorer).toBeHidden();
  await page.reload();
  await expect(page.getByRole("banner")).toBeVisible();
  await expect(explorer).toBeHidden();
});
