/**
 * The documents are true: every `console` block of README and docs is run and its output compared, every `ts` block is bundled and run.
 * In a `console` block, lines that begin with `$ ` are commands and what follows is their output; a line `…` stands for any lines, and `…` in a
 * line for any text. Commands of one page share one folder. `# exit N` after a command names its exit code. Other fences are not run.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')

const pagesUnder = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory())
      return folder === '' && !['docs', 'packages', 'conformance'].includes(entry.name)
        ? []
        : entry.name === 'node_modules' || entry.name === 'dist'
          ? []
          : pagesUnder(path)
    return entry.name.endsWith('.md') ? [path] : []
  })

interface Block {
  readonly language: string
  readonly line: number
  readonly text: string
}

const blocksOf = (page: string): readonly Block[] => {
  const blocks: Block[] = []
  let open: { language: string; line: number; lines: string[] } | undefined
  for (const [index, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^```(\S*)\s*$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { language: fence[1] ?? '', line: index + 1, lines: [] }
    else {
      blocks.push({ language: open.language, line: open.line, text: open.lines.join('\n') })
      open = undefined
    }
  }
  return blocks
}

interface Step {
  readonly command: string
  readonly exit: number
  readonly expected: string
}

const stepsOf = (text: string): readonly Step[] => {
  const steps: { command: string; exit: number; lines: string[] }[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('$ ')) {
      const exit = /\s+# exit (\d+)$/.exec(line)
      steps.push({ command: line.slice(2).replace(/\s+# exit \d+$/, ''), exit: Number(exit?.[1] ?? 0), lines: [] })
    } else steps.at(-1)?.lines.push(line)
  }
  return steps.map(({ command, exit, lines }) => ({ command, exit, expected: lines.join('\n').trimEnd() }))
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The expected text as a pattern: `…` alone in a line is any lines, within a line any text; blanks at line ends do not count. */
const patternOf = (expected: string): RegExp => {
  const lines = expected
    .split('\n')
    .map((line) => (line.trim() === '…' ? '(?:.*\\n)*?' : `${line.trimEnd().split('…').map(escaped).join('.*?')}\\s*?\\n`))
  return new RegExp(`^${lines.join('')}\\s*$`)
}

const folders: string[] = []
const folderFor = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'statefold-docs-'))
  folders.push(folder)
  for (const name of ['examples', 'packages', 'conformance', 'docs', 'schemas', 'tools', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name))
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'statefold'), `#!/bin/sh\nexec "${process.execPath}" "${join(root, 'tools/statefold.mjs')}" "$@"\n`, {
    mode: 0o755,
  })
  return folder
}

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const run = (command: string, folder: string): { readonly exit: number; readonly output: string } => {
  // On the page the command line is called through pnpm; here it is called directly, which is what that script does.
  const direct = command
    .replaceAll(/npx -y pnpm@\S+ (?:--silent )?statefold /g, 'statefold ')
    .replaceAll(/pnpm --silent statefold /g, 'statefold ')
  const done = spawnSync('sh', ['-c', direct], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, PATH: `${join(folder, '.bin')}:${process.env['PATH'] ?? ''}`, NO_COLOR: '1' },
  })
  return { exit: done.status ?? -1, output: `${done.stdout}${done.stderr}` }
}

for (const page of pagesUnder('')) {
  const blocks = blocksOf(page).filter(({ language }) => language === 'console' || language === 'ts')
  if (blocks.length === 0) continue
  describe(page, () => {
    const folder = folderFor()
    for (const block of blocks)
      it(`holds at line ${block.line}`, { timeout: 120_000 }, () => {
        if (block.language === 'ts') {
          const source = join(folder, `block-${block.line}.ts`)
          const bundle = join(folder, `block-${block.line}.mjs`)
          writeFileSync(source, block.text)
          buildSync({
            entryPoints: [source],
            outfile: bundle,
            bundle: true,
            platform: 'node',
            format: 'esm',
            conditions: ['@statefold/source'],
            nodePaths: ['core', 'scenarios', 'replay', 'cli'].map((name) => join(root, 'packages', name, 'node_modules')),
            alias: {
              '@statefold/core': join(root, 'packages/core/src/index.ts'),
              '@statefold/scenarios': join(root, 'packages/scenarios/src/index.ts'),
              '@statefold/replay': join(root, 'packages/replay/src/index.ts'),
            },
            banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
            logLevel: 'silent',
          })
          const done = spawnSync(process.execPath, [bundle], { encoding: 'utf8', timeout: 60_000 })
          expect(`${done.stdout}${done.stderr}`, `exit code ${done.status}`).toSatisfy(() => done.status === 0)
          return
        }
        for (const { command, exit, expected } of stepsOf(block.text)) {
          const done = run(command, folder)
          if (expected !== '') expect(`${done.output.trimEnd()}\n`, command).toMatch(patternOf(expected))
          expect(done.exit, `${command}\n${done.output}`).toBe(exit)
        }
      })
  })
}
