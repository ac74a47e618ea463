import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { Console } from '../../make-console.js'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const manifest = `apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
data:
  colour: blue
---
apiVersion: v1
kind: Secret
metadata:
  name: key
stringData:
  word: hunter2
---
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
  - name: nginx
    image: nginx:1.27
`
const files = filesOf({ 'web.yaml': manifest, 'next.yaml': manifest.replace('blue', 'green').replace('hunter2', 'hunter3') })

const open = (): Console => {
  const result = runScenario(scenario({ manifests: ['web.yaml'], steps: [after('10s').settle('1ms')] }, { files }))
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return makeConsole(result.right.simulation, files)
}
const shown = (...lines: readonly string[]): string => {
  const console = open()
  return lines.map((line) => console.run(line).shown).join('')
}

describe('kubectl diff', () => {
  it('says nothing where nothing would change', () => expect(shown('kubectl diff -f web.yaml && echo same')).toBe('same\n'))
  it('shows what apply would change, and of a Secret only that it differs', () => {
    const text = shown('kubectl diff -f next.yaml; echo $?')
    expect(text).toMatch(
      /^diff -u -N \/tmp\/LIVE-\d+\/v1\.ConfigMap\.default\.settings \/tmp\/MERGED-\d+\/v1\.ConfigMap\.default\.settings$/m,
    )
    expect(text).toContain('@@ -1,6 +1,6 @@\n apiVersion: v1\n data:\n-  colour: blue\n+  colour: green\n kind: ConfigMap\n metadata:\n')
    expect(text).toContain("-  word: '*** (before)'\n+  word: '*** (after)'\n")
    expect(text).not.toContain('hunter3')
    expect(text.endsWith('1\n')).toBe(true)
  })
  it('changes nothing', () =>
    expect(shown('kubectl diff -f next.yaml > /dev/null', "kubectl get cm settings -o jsonpath='{.data.colour}'")).toBe('blue'))
})

describe('kubectl drain', () => {
  it('that gets nowhere is interrupted after an hour', () => {
    const console = open()
    console.run('kubectl create pdb all --selector=run=held --min-available=1; kubectl run held --image=nginx; sleep 20')
    const { shown: text, exit } = console.run("kubectl drain $(kubectl get pod held -o jsonpath='{.spec.nodeName}') --force")
    expect(exit).toBe(130)
    expect(text.match(/will retry after 5s/g)?.length).toBe(721)
    expect(text.endsWith('interrupted: nothing could be evicted for an hour\n')).toBe(true)
  })
})

describe('kubectl cp', () => {
  it('brings files into a container and folders out of it', () =>
    expect(
      shown(
        'echo hello > /tmp/greeting',
        'kubectl cp /tmp/greeting web:/usr/share/nginx/html/greeting.txt',
        'kubectl cp web:/usr/share/nginx/html /tmp/pages',
        'ls /tmp/pages | cat; cat /tmp/pages/greeting.txt',
      ),
    ).toBe("tar: Removing leading `/' from member names\n50x.html\ngreeting.txt\nindex.html\nhello\n"))
  it.each([
    ['kubectl cp a b', 'error: one of src or dest must be a remote file specification\n'],
    ['kubectl cp web:/a web:/b', 'error: one of src or dest must be a local file specification\n'],
    ['kubectl cp /none web:/b', "error: /none doesn't exist in local filesystem\n"],
    ['kubectl cp none:/b /tmp/x', 'Error from server (NotFound): pods "none" not found\n'],
  ])('%s', (line, text) => expect(shown(line)).toBe(text))
})

describe('kubectl auth', () => {
  it.each([
    ['can-i create pods', 'yes\n'],
    ['can-i get nodes', "Warning: resource 'nodes' is not namespace scoped\n\nyes\n"],
    ['can-i delete priorityclasses', "Warning: resource 'priorityclasses' is not namespace scoped in group 'scheduling.k8s.io'\n\nyes\n"],
    ['whoami', 'ATTRIBUTE   VALUE\nUsername    kubernetes-admin\nGroups      [kubeadm:cluster-admins system:authenticated]\n'],
  ])('%s', (line, text) => expect(shown(`kubectl auth ${line}`)).toBe(text))
})

describe('kubectl get --raw', () => {
  it.each([
    ['/healthz', 'ok\n'],
    ['/api/v1/namespaces/default/configmaps/none', 'Error from server (NotFound): configmaps "none" not found\n'],
    ['/apis/apps/v1/none', 'Error from server (NotFound): the server could not find the requested resource\n'],
  ])('%s', (path, text) => expect(shown(`kubectl get --raw ${path}`)).toBe(text))
  it('answers with objects and lists', () => {
    const lists = shown(
      "kubectl get --raw '/api/v1/namespaces/default/pods?labelSelector=app%3Dnone'",
      'kubectl get --raw /api/v1/namespaces/default',
    )
    expect(lists).toMatch(
      /^\{"apiVersion":"v1","items":\[\],"kind":"PodList","metadata":\{"resourceVersion":"\d+"\}\}\n\{"apiVersion":"v1","kind":"Namespace"/,
    )
  })
})
