/**
 * Delta debugging: drops ever smaller runs of items while the rest still fails, until no single item can be dropped.
 * The later items go first: what follows a failure rarely matters. After Zeller and Hildebrandt, *Simplifying and Isolating
 * Failure-Inducing Input* (2002), with halved runs instead of complements.
 */
export async function minimise<T>(
  items: readonly T[],
  fails: (rest: readonly T[]) => Promise<boolean>,
): Promise<readonly T[]> {
  let left = items
  for (let size = Math.ceil(left.length / 2); left.length > 0; ) {
    let dropped = false
    for (let end = left.length; end > 0; ) {
      const start = Math.max(0, end - size)
      const rest = [...left.slice(0, start), ...left.slice(end)]
      if (await fails(rest)) {
        left = rest
        dropped = true
      }
      end = start
    }
    if (size === 1 && !dropped) return left
    size = Math.ceil(size / 2)
  }
  return left
}
