/** Runs the program of the second process under another environment. It is bundled once, so that plain Node can run it. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const here = dirname(fileURLToPath(import.meta.url))
let program: string | undefined
let folder: string | undefined

const built = (): string => {
  if (program !== undefined) return program
  folder = mkdtempSync(join(tmpdir(), 'statefold-determinism-'))
  program = join(folder, 'child.mjs')
  buildSync({ entryPoints: [join(here, 'child.ts')], bundle: true, platform: 'node', format: 'esm', outfile: program, logLevel: 'error' })
  return program
}

export const removeProgram = (): void => {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true })
  program = undefined
}

export interface OtherEnvironment {
  readonly timeZone: string
  readonly locale: string
  readonly workingDirectory: string
}

export const runElsewhere = (order: unknown, { timeZone, locale, workingDirectory }: OtherEnvironment): unknown => {
  const output = execFileSync(process.execPath, [built()], {
    input: JSON.stringify(order),
    cwd: workingDirectory,
    env: { PATH: process.env['PATH'] ?? '', TZ: timeZone, LANG: locale, LC_ALL: locale, NODE_ENV: 'production' },
    maxBuffer: 1 << 30,
  })
  return JSON.parse(output.toString('utf8'))
}
