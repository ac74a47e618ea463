/**
 * The documents are true: every `console` block of README and docs is run and its output compared, every `ts` block is bundled and run.
 * In a `console` block, lines that begin with `$ ` are commands and what follows is their output; a line `…` stands for any lines, and `…` in a
 * line for any text. Commands of one page share one folder. `# exit N` after a command names its exit code. A `ts` block that names a file of
 * examples/ is that file, word for word (examples.test.ts runs it); a `yaml` block that names a file is written to it, for the commands below
 * it. Other fences are not run.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundleTool } from '../bundle.mjs'
import { bundleExample, root } from './bundle-example.js'

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
  /** What the fence names after its language. */
  readonly file: string
  readonly line: number
  readonly text: string
}

const blocksOf = (page: string): readonly Block[] => {
  const blocks: Block[] = []
  let open: { language: string; file: string; line: number; lines: string[] } | undefined
  for (const [index, line] of readFileSync(join(root, page), 'utf8').split('\n').entries()) {
    const fence = /^```(\S*)(?: (\S+))?\s*$/.exec(line)
    if (fence === null) open?.lines.push(line)
    else if (open === undefined) open = { language: fence[1] ?? '', file: fence[2] ?? '', line: index + 1, lines: [] }
    else {
      blocks.push({ ...open, text: open.lines.join('\n') })
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

// One bundle for all pages: what changes in the sources meanwhile does not reach them.
const bundleFolder = mkdtempSync(join(root, 'node_modules/.docs-'))
const commandLine = join(bundleFolder, 'main.mjs')
beforeAll(() => bundleTool('packages/cli/src/main.ts', commandLine), 60_000)

const folders: string[] = [bundleFolder]
const folderFor = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'statefold-docs-'))
  folders.push(folder)
  for (const name of ['examples', 'packages', 'conformance', 'docs', 'schemas', 'tools', 'node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name))
  const bin = join(folder, '.bin')
  mkdirSync(bin)
  writeFileSync(join(bin, 'statefold'), `#!/bin/sh\nexec "${process.execPath}" "${commandLine}" "$@"\n`, {
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
  const blocks = blocksOf(page).filter(
    ({ language, file }) => language === 'console' || language === 'ts' || (language === 'yaml' && file !== ''),
  )
  if (blocks.length === 0) continue
  describe(page, () => {
    const folder = folderFor()
    for (const block of blocks)
      it(`holds at line ${block.line}`, { timeout: 120_000 }, () => {
        if (block.language === 'yaml') {
          writeFileSync(join(folder, block.file), `${block.text}\n`)
          return
        }
        if (block.file !== '') {
          expect(`${block.text}\n`).toBe(readFileSync(join(root, block.file), 'utf8'))
          return
        }
        if (block.language === 'ts') {
          const source = join(folder, `block-${block.line}.ts`)
          const bundle = join(folder, `block-${block.line}.mjs`)
          writeFileSync(source, block.text)
          bundleExample(source, bundle)
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

const pageTypes = ['Tutorial', 'How-to', 'Reference', 'Explanation']
const typedFolders = ['docs/tutorial/', 'docs/how-to/', 'docs/concepts/', 'docs/reference/']

/** `pnpm bench` writes it, where it is measured. */
const writtenByOthers = ['docs/benchmarks.md']

describe('pages', () => {
  const pages = pagesUnder('')

  it.each(pages.filter((page) => typedFolders.some((folder) => page.startsWith(folder))))('%s says of which type it is', (page) => {
    const [title = '', blank, first = ''] = readFileSync(join(root, page), 'utf8').split('\n')
    expect(title).toMatch(/^# /)
    expect(blank).toBe('')
    expect(pageTypes).toContain(/^\*([A-Z][a-z-]+)/.exec(first)?.[1])
  })

  it.each(pages)('%s links to what is there', (page) => {
    const text = readFileSync(join(root, page), 'utf8').replaceAll(/^```[\s\S]*?^```/gm, '')
    const missing = [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)\s]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter(
        (target) =>
          !/^[a-z]+:/.test(target) &&
          !existsSync(join(root, dirname(page), target)) &&
          !writtenByOthers.includes(join(dirname(page), target)),
      )
    expect(missing).toEqual([])
  })
})
