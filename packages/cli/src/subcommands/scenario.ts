/** `statefold scenario new | lint | list`. */
import { existsSync, mkdirSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { findInCatalog, listCatalog, readScenarioFile } from '@statefold/scenarios/node'
import { badInput, exitCodes, fileProblem, type ExitCode } from '../exit-codes.js'
import type { Output } from '../output.js'
import { writeWhole } from '../write-files.js'

const template = (name: string): string => `apiVersion: statefold.dev/v1
kind: Scenario
title: ${name.replaceAll('-', ' ')}
lesson: What one learns from it, in one sentence.
seed: 1
cluster:
  nodes: 3
manifests:
  - apiVersion: v1
    kind: Service
    metadata: { name: web }
    spec:
      clusterIP: None
      selector: { app: web }
      ports: [{ port: 80, name: http }]
  - apiVersion: apps/v1
    kind: StatefulSet
    metadata: { name: web }
    spec:
      serviceName: web
      replicas: 3
      selector: { matchLabels: { app: web } }
      template:
        metadata: { labels: { app: web } }
        spec:
          containers:
            - { name: nginx, image: 'nginx:1.27' }
steps:
  - when: { object: statefulset/web, ready: true }
    scale: { statefulset/web: 5 }
expect:
  - eventually: { count: pods, labels: app=web, ready: true, equals: 5 }
    within: 2m
  - always: { count: pods, labels: app=web, atMost: 5 }
`

export const newScenario = (path: string, output: Output): ExitCode => {
  const file = /\.ya?ml$/.test(path) ? path : `${path}.yaml`
  if (existsSync(file)) throw badInput(`${file}: it exists already; name another file`)
  try {
    mkdirSync(dirname(file), { recursive: true })
  } catch (error) {
    throw fileProblem(dirname(file), error)
  }
  writeWhole(file, template(basename(file).replace(/\.ya?ml$/, '')))
  output.print(`${file}: written; run it with: statefold run ${file}\n`)
  return exitCodes.passed
}

export interface LintFlags {
  readonly json?: boolean
}

export const lintScenarios = (paths: readonly string[], flags: LintFlags, output: Output): ExitCode => {
  const results = paths.map((path) => {
    const entry = existsSync(path) ? undefined : findInCatalog(path)
    const read = readScenarioFile(entry?.path ?? path)
    if (E.isRight(read)) return { file: path, problems: [] }
    return { file: path, problems: read.left.kind === 'file' ? [`${path}: ${read.left.message}`] : read.left.message.split('\n') }
  })
  const bad = results.filter(({ problems }) => problems.length > 0)
  if (flags.json === true) output.print(`${JSON.stringify(results)}\n`)
  else {
    for (const { problems } of bad) for (const problem of problems) output.note(`${problem}\n`)
    output.print(
      bad.length === 0
        ? `${paths.length === 1 ? 'the file is' : `all ${paths.length} files are`} well formed\n`
        : `${bad.length} of ${paths.length} files have mistakes\n`,
    )
  }
  return bad.length === 0 ? exitCodes.passed : exitCodes.badInput
}

const wrapped = (text: string, width: number): readonly string[] => {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

export const listScenarios = (flags: LintFlags, output: Output): ExitCode => {
  const entries = listCatalog().map(({ name, path }) => {
    const read = readScenarioFile(path)
    const written = E.isRight(read) ? read.right.written : undefined
    return { name, path, title: written?.title ?? '', lesson: written?.lesson ?? '' }
  })
  if (flags.json === true) output.print(`${JSON.stringify(entries)}\n`)
  else if (entries.length === 0) output.print('the catalog is empty\n')
  else {
    const width = Math.max(...entries.map(({ name }) => name.length))
    // Whole lines in a pipe, for grep; words are not torn on a terminal.
    const room = output.isTerminal ? Math.max(30, output.columns - width - 3) : Number.MAX_SAFE_INTEGER
    for (const { name, title, lesson } of entries) {
      const [first = '', ...rest] = wrapped(lesson === '' ? title : lesson, room)
      output.print(`${name.padEnd(width)}  ${output.paint.tone('faint', first)}\n`)
      for (const line of rest) output.print(`${' '.repeat(width)}  ${output.paint.tone('faint', line)}\n`)
    }
  }
  return exitCodes.passed
}
