import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { agendaOf, emptyAgenda, isBefore, itemsOf, nextItem, putItem, withoutNext, type Agenda, type AgendaItem } from './agenda.js'

const item = (dueAt: number, order: number): AgendaItem<string> => ({ dueAt, order, work: `${dueAt}/${order}` })

const drained = (agenda: Agenda<string>): readonly string[] => {
  const works: string[] = []
  let rest = agenda
  for (let next = nextItem(rest); next !== undefined; next = nextItem(rest)) {
    works.push(next.work)
    rest = withoutNext(rest)
  }
  return works
}

const items = fc.array(fc.nat({ max: 20 }), { maxLength: 60 }).map((times) => times.map((dueAt, order) => item(dueAt, order)))

describe('the agenda', () => {
  it('gives what is due first first, and of what is due at once what was put first', () => {
    expect(drained(agendaOf([item(5, 0), item(3, 1), item(5, 2), item(3, 3)]))).toEqual(['3/1', '3/3', '5/0', '5/2'])
  })

  it('gives everything in its total order, whatever the order of putting', () => {
    fc.assert(
      fc.property(items, fc.func(fc.integer()), (all, shuffle) => {
        const sorted = [...all].sort((a, b) => (isBefore(a, b) ? -1 : 1)).map(({ work }) => work)
        const shuffled = [...all].sort((a, b) => shuffle(a.order) - shuffle(b.order))
        expect(drained(agendaOf(shuffled))).toEqual(sorted)
        expect(itemsOf(agendaOf(shuffled)).map(({ work }) => work)).toEqual(sorted)
      }),
    )
  })

  it('leaves old versions as they were', () => {
    const one = putItem(emptyAgenda<string>(), item(1, 0))
    const two = putItem(one, item(0, 1))
    withoutNext(two)
    expect([drained(one), drained(two)]).toEqual([['1/0'], ['0/1', '1/0']])
    expect([one.size, two.size, withoutNext(two).size, withoutNext(emptyAgenda<string>()).size]).toEqual([1, 2, 1, 0])
  })
})
