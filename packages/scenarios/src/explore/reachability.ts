/** From which states a goal can be reached: one walk backwards over all transitions, so it costs what they are. */
import type { GrowingNumbers } from './growing-numbers.js'

/** The first state (in the order of their finding) from which no path leads to a goal, or undefined if there is none. */
export const firstWithoutWay = (
  states: number,
  from: GrowingNumbers,
  to: GrowingNumbers,
  isGoal: (state: number) => boolean,
): number | undefined => {
  // The transitions into each state, one after another: those of state n from starts[n] on.
  const starts = new Int32Array(states + 1)
  const edges = from.length()
  for (let edge = 0; edge < edges; edge += 1) starts[to.at(edge) + 1] = (starts[to.at(edge) + 1] ?? 0) + 1
  for (let state = 0; state < states; state += 1) starts[state + 1] = (starts[state + 1] ?? 0) + (starts[state] ?? 0)
  const sources = new Int32Array(edges)
  const filled = starts.slice()
  for (let edge = 0; edge < edges; edge += 1) {
    const place = filled[to.at(edge)] ?? 0
    sources[place] = from.at(edge)
    filled[to.at(edge)] = place + 1
  }
  const reaches = new Uint8Array(states)
  const pending: number[] = []
  for (let state = 0; state < states; state += 1)
    if (isGoal(state)) {
      reaches[state] = 1
      pending.push(state)
    }
  for (let state = pending.pop(); state !== undefined; state = pending.pop())
    for (let place = starts[state] ?? 0; place < (starts[state + 1] ?? 0); place += 1) {
      const source = sources[place] ?? 0
      if (reaches[source] === 1) continue
      reaches[source] = 1
      pending.push(source)
    }
  const lost = reaches.indexOf(0)
  return lost < 0 ? undefined : lost
}
