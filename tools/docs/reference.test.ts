/** Generated pages are those that the generator writes now. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { root } from './bundle-example.js'

it('docs/reference is current', { timeout: 60_000 }, () => {
  const done = spawnSync(process.execPath, ['tools/generate-reference.mjs', '--check'], { cwd: root, encoding: 'utf8' })
  expect(done.stderr).toBe('')
  expect(done.status).toBe(0)
})
