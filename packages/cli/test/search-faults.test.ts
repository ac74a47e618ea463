import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { statefold } from './statefold.js'

const growing = fileURLToPath(new URL('scopes/growing.yaml', import.meta.url))

interface Covered {
  readonly states: number
  readonly scope: readonly string[]
}

const covered = async (...more: readonly string[]): Promise<Covered> => {
  const { printed } = await statefold(['explore', growing, '--depth', '6', '--workers', '1', '--json', ...more])
  // What our own command line prints.
  return JSON.parse(printed.trim().split('\n').at(-1) ?? '') as Covered
}

describe('explore --faults', () => {
  it('widens the scope, says so, and finds more states', async () => {
    const plain = await covered()
    const faulty = await covered('--faults', 'crash=2,conflict,lost-answer=2')
    expect(plain.scope.join('\n')).not.toMatch(/crashes|answered/)
    expect(faulty.scope).toContain('crashes of statefulset-controller between any two writes: up to 2')
    expect(faulty.scope).toContain('writes of statefulset-controller answered with conflict, lost-answer: up to 3')
    expect(faulty.states).toBeGreaterThan(plain.states)
  })

  it.each([
    ['meteor', /expected a fault or fault=most, of crash, conflict, .*; found "meteor"/],
    ['crash=0', /crash: expected 1 to 100 times, found 0/],
    ['conflict,', /found ""/],
  ])('%s is bad input', async (faults, words) => {
    const { exit, noted } = await statefold(['explore', growing, '--faults', faults])
    expect(exit).toBe(64)
    expect(noted).toMatch(words)
  })
})
