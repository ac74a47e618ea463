import { expect, test } from 'vitest'
import { differenceText } from './line-difference.js'

test('equal values have no difference', () => expect(differenceText({ a: [1, 2] }, { a: [1, 2] })).toBe(''))

test('a change stands between three lines of context', () => {
  const before = { a: 1, b: 2, c: 3, d: 4, e: 5, f: 6, g: 7 }
  expect(differenceText(before, { ...before, d: 9 })).toBe(`@@ -2,7 +2,7 @@
  "a": 1,
  "b": 2,
  "c": 3,
- "d": 4,
+ "d": 9,
  "e": 5,
  "f": 6,
  "g": 7
`)
})

test('changes far apart have heads of their own', () => {
  const before = Object.fromEntries(Array.from({ length: 16 }, (_, index) => String.fromCharCode(97 + index)).map((key) => [key, 0]))
  const text = differenceText(before, { ...before, a: 1, p: 1 })
  expect(text.match(/^@@.*@@$/gm)).toEqual(['@@ -1,5 +1,5 @@', '@@ -14,5 +14,5 @@'])
})

test('an empty list has no lines of its own', () =>
  expect(differenceText([], [1])).toBe(`@@ -1 +1,3 @@
-[]
+[
+ 1
+]
`))
