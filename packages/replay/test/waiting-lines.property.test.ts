import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textOf } from '../src/line-bytes.js'
import { nowhere, WaitingLines, type Chain } from '../src/waiting-lines.js'

type Step =
  | { readonly kind: 'page'; readonly lines: readonly string[] }
  | { readonly kind: 'wait'; readonly line: number; readonly chain: number }
  | { readonly kind: 'drop'; readonly chain: number }

const chainCount = 4
const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('page' as const),
      lines: fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3_000 }), { minLength: 1, maxLength: 5 }),
    }),
    {
      arbitrary: fc.record({ kind: fc.constant('wait' as const), line: fc.nat({ max: 4 }), chain: fc.nat({ max: chainCount - 1 }) }),
      weight: 4,
    },
    fc.record({ kind: fc.constant('drop' as const), chain: fc.nat({ max: chainCount - 1 }) }),
  ),
  { maxLength: 60 },
)

describe('lines that wait', () => {
  it('are those that were put into their chain since it was dropped, with their numbers, whatever else is written meanwhile', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        const waiting = new WaitingLines<string>()
        const chains = Array.from({ length: chainCount }, (): Chain => ({ first: nowhere, last: nowhere }))
        const model = chains.map((): { text: string; number: number; at: number; given: string }[] => [])
        let page: readonly string[] = []
        let before = 0
        let at = 0
        for (const step of taken) {
          at += 1
          if (step.kind === 'page') {
            before += page.length
            page = step.lines
            waiting.turnPage(new TextEncoder().encode(page.map((line) => `${line}\n`).join('')), before)
            continue
          }
          const chain = chains[step.chain]
          const expected = model[step.chain]
          if (chain === undefined || expected === undefined) throw new Error('no such chain')
          const text = step.kind === 'wait' ? page[step.line] : undefined
          if (step.kind === 'wait' && text !== undefined) {
            const from = page.slice(0, step.line).reduce((length, line) => length + line.length + 1, 0)
            waiting.add(chain, from, at, `at ${at}`)
            expected.push({ text, number: before + step.line + 1, at, given: `at ${at}` })
          } else if (step.kind === 'drop') {
            waiting.drop(chain)
            expected.length = 0
          }
          for (const [index, lines] of model.entries())
            expect(
              waiting
                .linesOf(chains[index] ?? chain)
                .map(({ bytes, number, at: when, given }) => ({ text: textOf(bytes), number: number(), at: when, given })),
            ).toEqual(lines)
        }
      }),
      { numRuns: 200 },
    )
  })
})
