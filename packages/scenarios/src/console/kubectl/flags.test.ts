import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { commaList, duration, flagsOf, list, numberFlag, parseWords, switchFlag, text, withBare } from './flags.js'
import { goDurationText, parseGoDuration } from './go-duration.js'

const specifications = [
  text('namespace', 'n'),
  text('output', 'o'),
  switchFlag('watch', 'w'),
  switchFlag('stdin', 'i'),
  switchFlag('tty', 't'),
  numberFlag('replicas', '1'),
  duration('timeout', '0s'),
  list('env', 'e'),
  commaList('filename', 'f'),
  withBare(text('dry-run', undefined, 'none'), 'unchanged'),
]

const read = (...words: readonly string[]) => parseWords(specifications, words)

describe('flags', () => {
  it.each<[words: readonly string[], name: string, value: string]>([
    [['-n', 'a'], 'namespace', 'a'],
    [['-na'], 'namespace', 'a'],
    [['-n=a'], 'namespace', 'a'],
    [['--namespace', 'a'], 'namespace', 'a'],
    [['--namespace=a'], 'namespace', 'a'],
    [['-ojson'], 'output', 'json'],
    [['--dry-run', 'pod'], 'dry-run', 'unchanged'],
    [['--dry-run=client'], 'dry-run', 'client'],
    [[], 'dry-run', 'none'],
    [['--replicas=-2'], 'replicas', '-2'],
  ])('%j sets %s to %s', (words, name, value) => {
    const parsed = read(...words)
    if (E.isLeft(parsed)) throw new Error(parsed.left)
    expect(flagsOf(specifications, parsed.right.values).text(name)).toBe(value)
  })

  it('takes switches in one word, and words after -- as they are', () => {
    const parsed = read('web-0', '-it', '--', 'sh', '-c', 'ls')
    if (E.isLeft(parsed)) throw new Error(parsed.left)
    const flags = flagsOf(specifications, parsed.right.values)
    expect([flags.on('stdin'), flags.on('tty'), flags.on('watch')]).toEqual([true, true, false])
    expect(parsed.right).toMatchObject({ words: ['web-0', 'sh', '-c', 'ls'], dashAt: 1 })
  })

  it('repeats lists', () => {
    const parsed = read('-f', 'a,b', '-f', 'c', '-e', 'X=1,2')
    if (E.isLeft(parsed)) throw new Error(parsed.left)
    const flags = flagsOf(specifications, parsed.right.values)
    expect([flags.list('filename'), flags.list('env')]).toEqual([['a', 'b', 'c'], ['X=1,2']])
  })

  it.each([
    ['--bogus', 'unknown flag: --bogus'],
    ['-z', "unknown shorthand flag: 'z' in -z"],
    ['-wz', "unknown shorthand flag: 'z' in -z"],
    ['--namespace', 'flag needs an argument: --namespace'],
    ['-n', "flag needs an argument: 'n' in -n"],
    ['--replicas=x', 'invalid argument "x" for "--replicas" flag: strconv.ParseInt: parsing "x": invalid syntax'],
    ['--watch=maybe', 'invalid argument "maybe" for "-w, --watch" flag: strconv.ParseBool: parsing "maybe": invalid syntax'],
    ['--timeout=5', 'invalid argument "5" for "--timeout" flag: time: missing unit in duration "5"'],
    ['--timeout=5x', 'invalid argument "5x" for "--timeout" flag: time: unknown unit "x" in duration "5x"'],
    ['--timeout=x', 'invalid argument "x" for "--timeout" flag: time: invalid duration "x"'],
  ])('%s is refused: %s', (word, problem) => {
    expect(read(word)).toEqual(E.left(problem))
  })
})

describe('Go durations', () => {
  it.each([
    ['0', 0, '0s'],
    ['5s', 5_000, '5s'],
    ['90s', 90_000, '1m30s'],
    ['1.5h', 5_400_000, '1h30m0s'],
    ['250ms', 250, '250ms'],
    ['-1s', -1_000, '-1s'],
  ])('%s is %i ms and is written %s', (source, milliseconds, written) => {
    expect(parseGoDuration(source)).toEqual(E.right(milliseconds))
    expect(goDurationText(milliseconds)).toBe(written)
  })
})
