import * as E from 'fp-ts/lib/Either.js'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { splitWords } from '../split-words.js'
import { runLine } from './testing/fake-cluster.js'
import { sampleCluster } from './testing/sample-objects.js'

const recorded = readFileSync(new URL('./testing/created-by-kubectl.txt', import.meta.url), 'utf8')
  .split(/^@@ /m)
  .slice(1)
  .map((block) => {
    const end = block.indexOf('\n')
    return [block.slice(0, end), block.slice(end + 1)] as const
  })

const wordsOf = (line: string): readonly string[] => {
  const words = splitWords(line)
  if (E.isLeft(words)) throw new Error(words.left)
  return words.right
}

it('has the recorded lines', () => expect(recorded.length).toBeGreaterThan(30))

// Recorded from the real client: what each generator makes, and what it says of wrong flags.
it.each(recorded)('kubectl %s', (line, printed) => {
  const { stdout, stderr } = runLine(wordsOf(line), { objects: sampleCluster, now: 60_000 }, '')
  expect(stdout + stderr).toBe(printed)
})

it('makes the rules of a role, one for each group', () => {
  const line = 'create role r --verb=get --verb=list,watch --resource=pods,deployments.apps,pods/log --dry-run=client -o yaml'
  expect(runLine(wordsOf(line), { objects: sampleCluster, now: 60_000 }, '').stdout).toBe(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: r
rules:
- apiGroups:
  - ""
  resources:
  - pods
  - pods/log
  verbs:
  - get
  - list
  - watch
- apiGroups:
  - apps
  resources:
  - deployments
  verbs:
  - get
  - list
  - watch
`)
})
