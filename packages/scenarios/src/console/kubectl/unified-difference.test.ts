import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { unifiedDifference } from './unified-difference.js'

const text = (...lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

it.each([
  ['nothing', text('a', 'b'), text('a', 'b'), ''],
  ['a text that was not there', '', text('a', 'b'), '@@ -0,0 +1,2 @@\n+a\n+b\n'],
  ['a text that goes', text('a'), '', '@@ -1 +0,0 @@\n-a\n'],
  [
    'three lines around a change',
    text('1', '2', '3', '4', 'x', '5', '6', '7', '8'),
    text('1', '2', '3', '4', 'y', '5', '6', '7', '8'),
    '@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-x\n+y\n 5\n 6\n 7\n',
  ],
  ['a repeated line where it stands last', text('- a', '- b'), text('- a', '- a', '- b'), '@@ -1,2 +1,3 @@\n - a\n+- a\n - b\n'],
])('shows %s', (_, left, right, expected) => expect(unifiedDifference(left, right)).toBe(expected))

/** Makes the right side of the left one, as `patch` does. */
const patched = (left: string, hunks: string): string => {
  const lines = left === '' ? [] : left.replace(/\n$/, '').split('\n')
  const result: string[] = []
  let at = 0
  for (const line of hunks === '' ? [] : hunks.replace(/\n$/, '').split('\n')) {
    const range = /^@@ -(\d+)(?:,(\d+))? /.exec(line)
    if (range !== null) {
      const first = range[2] === '0' ? Number(range[1]) : Number(range[1]) - 1
      while (at < first) result.push(lines[at++] ?? '')
    } else if (line.startsWith('+')) result.push(line.slice(1))
    else {
      expect(lines[at]).toBe(line.slice(1))
      if (line.startsWith(' ')) result.push(lines[at] ?? '')
      at += 1
    }
  }
  return text(...result, ...lines.slice(at))
}

const texts = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 }).map((lines) => text(...lines))

it('gives hunks that make one of the other', () => {
  fc.assert(fc.property(texts, texts, (left, right) => patched(left, unifiedDifference(left, right)) === right))
})
