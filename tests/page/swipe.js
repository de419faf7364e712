// Touches a page with a finger.

/**
 * Puts a finger down, moves it in steps and lifts it.
 * @param {import('playwright-core').Page} page with touches
 * @param {import('playwright-core').Locator} target
 * @param {readonly [x: number, y: number]} from as `to` in shares of the target's sides
 * @param {readonly [x: number, y: number]} to
 */
export async function swipe(page, target, from, to) {
  const devtools = await page.context().newCDPSession(page);
  const box = /** @type {{ x: number, y: number, width: number, height: number }} */ (await target.boundingBox());
  const touch = (type, touchPoints) => devtools.send('Input.dispatchTouchEvent', { type, touchPoints });
  const at = (share) => {
    const [x, y] = [0, 1].map((axis) => from[axis] + share * (to[axis] - from[axis]));
    return [{ x: box.x + x * box.width, y: box.y + y * box.height }];
  };
  await touch('touchStart', at(0));
  for (let step = 1; step <= 8; step++) {
    await touch('touchMove', at(step / 8));
    await page.waitForTimeout(20);
  }
  await touch('touchEnd', []);
  await devtools.detach();
}
