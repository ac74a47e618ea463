import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { makeConsole } from '../../make-console.js'
import { runScenario } from '../../run-scenario.js'
import { scenario } from '../../scenario.js'
import { filesOf } from '../../testing/files-of.js'
import { after } from '../../write-script.js'

const manifest = `apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talker}}
spec:
  containers:
  - name: main
    image: busybox
    command: [sh, -c, 'echo one; sleep 60; echo two; sleep 5']
    ports: [{containerPort: 8080, name: web}]
  restartPolicy: Never
---
apiVersion: v1
kind: Service
metadata: {name: talker}
spec: {selector: {app: talker}, ports: [{port: 80, targetPort: web, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: talker}, ports: [{port: 81, targetPort: 8080}]}
`
const open = () => {
  const result = runScenario(
    scenario({ manifests: ['pod.yaml'], steps: [after('45s').settle('1ms')] }, { files: filesOf({ 'pod.yaml': manifest }) }),
  )
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return makeConsole(result.right.simulation)
}
const ran = (line: string) => open().run(line)

describe('kubectl attach', () => {
  it('shows what is written from then on, until the container ends', () => {
    const console = open()
    expect(console.run('kubectl logs talker').stdout).toBe('one\n')
    const { exit, stdout, stderr } = console.run('kubectl attach talker')
    expect({ exit, stdout }).toEqual({ exit: 0, stdout: 'two\n' })
    expect(stderr).toMatch(/^All commands and output .*\nIf you don't see a command prompt, try pressing enter\.\n$/)
    expect(console.run('kubectl attach talker').stderr).toBe(
      'error: cannot attach a container in a completed pod; current phase is Succeeded\n',
    )
  })
  it.each([
    ['kubectl attach', 'error: at least 1 argument is required for attach\n'],
    ['kubectl attach a b c', 'error: expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw 3: [a b c]\n'],
    ['kubectl attach nope', 'Error from server (NotFound): pods "nope" not found\n'],
    ['kubectl attach talker -c nope', 'error: cannot attach to the container: container nope is not valid for pod talker out of: main\n'],
  ])('%s is refused', (line, stderr) => expect(ran(line)).toMatchObject({ exit: 1, stderr }))
})

describe('kubectl port-forward', () => {
  it.each([
    ['talker 9000:8080', '9000', '8080'],
    ['talker web', '8080', '8080'],
    ['talker 9000:web', '9000', '8080'],
    ['svc/talker 9000:80', '9000', '8080'],
    ['svc/talker 9000:http', '9000', '8080'],
    ['svc/headless 81', '81', '81'],
  ])('%s', (words, local, remote) => {
    const { stdout, stderr } = ran(`kubectl port-forward ${words}`)
    expect(stdout).toBe(`Forwarding from 127.0.0.1:${local} -> ${remote}\nForwarding from [::1]:${local} -> ${remote}\n`)
    expect(stderr).toContain('Warning: nothing comes through this port')
  })
  it('listens where it is told', () =>
    expect(ran('kubectl port-forward --address=0.0.0.0 talker 8080').stdout).toBe('Forwarding from 0.0.0.0:8080 -> 8080\n'))
  it.each([
    [
      'kubectl port-forward',
      "error: TYPE/NAME and list of ports are required for port-forward\nSee 'kubectl port-forward -h' for help and examples\n",
    ],
    ['kubectl port-forward nope 80', 'Error from server (NotFound): pods "nope" not found\n'],
    ['kubectl port-forward talker foo', "error: Pod 'talker' does not have a named port 'foo'\n"],
    ['kubectl port-forward talker x:80', 'error: error parsing local port \'x\': strconv.ParseUint: parsing "x": invalid syntax\n'],
    [
      'kubectl port-forward talker 99999',
      'error: error parsing local port \'99999\': strconv.ParseUint: parsing "99999": value out of range\n',
    ],
    ['kubectl port-forward talker 0', 'error: remote port must be > 0\n'],
    ['kubectl port-forward svc/talker 82', 'error: Service talker does not have a service port 82\n'],
    ['kubectl port-forward svc/talker foo', "error: Service 'talker' does not have a named port 'foo'\n"],
    ['kubectl port-forward cm/kube-root-ca.crt 80', 'error: cannot attach to *v1.ConfigMap: selector for *v1.ConfigMap not implemented\n'],
  ])('%s is refused', (line, stderr) => expect(ran(line)).toMatchObject({ exit: 1, stderr }))
})

describe('commands that shells have of their own', () => {
  it.each([
    ['kubectl exec talker -- echo "a  b"', 0, 'a  b\n'],
    ["kubectl exec talker -- printf '%s-' 1 2", 0, '1-2-'],
    ['kubectl exec talker -- test -f /nope', 1, ''],
    ['kubectl exec talker -- /bin/true', 0, ''],
  ])('%s', (line, exit, stdout) => expect(ran(line)).toMatchObject({ exit, stdout }))
  it('are the first process of a Pod that somebody runs', () =>
    expect(ran('kubectl run t --rm -it --restart=Never --image=busybox -- echo hi').stdout).toBe(
      'hi\npod "t" deleted from default namespace\n',
    ))
  it('are not where there is no shell', () =>
    expect(ran('kubectl run t --rm -it --restart=Never --image=gcr.io/distroless/static -- echo hi').stderr).toContain(
      'exec: "echo": executable file not found in $PATH',
    ))
})
