/** Every example runs, in this process's Node, and ends well: each prints what happened and throws when it is not what it says. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { bundleExample, root } from './bundle-example.js'

// Under node_modules, where the bundles find vitest.
const folder = mkdtempSync(join(root, 'node_modules/.examples-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const names = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'))
const bundleOf = (name: string): string => {
  const outfile = join(folder, name.replace(/\.ts$/, '.mjs'))
  bundleExample(join(root, 'examples', name), outfile)
  return outfile
}

describe('examples', () => {
  for (const name of names.filter((file) => !file.endsWith('.test.ts')))
    it(`${name} runs, prints and asserts`, { timeout: 60_000 }, () => {
      const done = spawnSync(process.execPath, [bundleOf(name)], { encoding: 'utf8', timeout: 60_000 })
      expect(done.stderr, `exit code ${done.status}`).toBe('')
      expect(done.status).toBe(0)
      expect(done.stdout).not.toBe('')
    })

  it.each(names)('%s is short enough to read at once', (name) => {
    expect(readFileSync(join(root, 'examples', name), 'utf8').split('\n').length).toBeLessThanOrEqual(60)
  })
})

for (const name of names.filter((file) => file.endsWith('.test.ts')))
  describe(name, async () => {
    await import(pathToFileURL(bundleOf(name)).href)
  })
