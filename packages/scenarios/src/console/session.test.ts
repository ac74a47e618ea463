import { actOnWorld, bootstrap, createSimulation, defaultClusterSettings, makeControllers, type Simulation } from '@statefold/core'
import { beforeEach, describe, expect, it, test } from 'vitest'
import { createSession, type Session } from './session.js'

const webYaml = `apiVersion: v1
kind: Service
metadata:
  name: nginx
  labels:
    app: nginx
spec:
  ports:
  - port: 80
    name: web
  clusterIP: None
  selector:
    app: nginx
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  type: NodePort
  ports:
  - port: 8080
    targetPort: web
    nodePort: 30080
  selector:
    app: nginx
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: web
spec:
  serviceName: "nginx"
  replicas: 2
  selector:
    matchLabels:
      app: nginx
  template:
    metadata:
      labels:
        app: nginx
    spec:
      containers:
      - name: nginx
        image: nginx:1.9.1
        ports:
        - containerPort: 80
          name: web
        volumeMounts:
        - name: www
          mountPath: /usr/share/nginx/html
  volumeClaimTemplates:
  - metadata:
      name: www
    spec:
      accessModes:
      - ReadWriteOnce
      resources:
        requests:
          storage: 1Gi
`

const files: Readonly<Record<string, string>> = { 'web.yaml': webYaml, 'notes/readme': 'read me\n' }
const listed: Readonly<Record<string, readonly string[]>> = { '.': ['notes', 'web.yaml'], notes: ['readme'] }

const newCluster = (): Simulation => {
  const simulation = createSimulation({ seed: 1, settings: defaultClusterSettings, controllers: makeControllers(defaultClusterSettings) })
  bootstrap(simulation, {
    nodes: [{ name: 'node-1' }, { name: 'node-2' }, { name: 'node-3' }],
    storageClasses: [{ name: 'standard', provisioner: 'example.com/nfs', isDefault: true }],
  })
  simulation.runUntil(5_000)
  return simulation
}

const sessionOn = (simulation: Simulation): Session =>
  createSession({ simulation, files: { readFile: (path) => files[path], listFiles: (path) => listed[path] } })

describe('on the own machine', () => {
  let simulation: Simulation
  let session: Session
  beforeEach(() => {
    simulation = newCluster()
    session = sessionOn(simulation)
  })

  it('keeps variables, the working directory and the exit status between lines', () => {
    session.run('x=1; cd notes')
    expect(session.run('echo $x $(cat readme); pwd')).toMatchObject({ exit: 0, stdout: '1 read me\n/root/notes\n' })
    expect(session.run('frob')).toMatchObject({
      exit: 127,
      stderr: 'bash: frob: command not found\n',
      shown: 'bash: frob: command not found\n',
    })
    expect(session.run('echo $?').stdout).toBe('127\n')
  })

  it('asks for more while a command is not complete', () => {
    session.run('for i in 0 1; do')
    expect(session.prompt()).toBe('> ')
    session.run('echo $i')
    expect(session.run('done').stdout).toBe('0\n1\n')
    expect(session.prompt()).toBe('$ ')
  })

  it('writes files over those of its folder, and kubectl reads them', () => {
    const { stdout } = session.run(
      'mkdir made && cat > made/c.yaml <<EOF\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: $(echo one)}\nEOF\ncd made; kubectl apply -f c.yaml; ls ..',
    )
    expect(stdout).toBe('configmap/c created\nmade  notes  web.yaml\n')
    expect(session.run("kubectl get configmap c -o jsonpath='{.data.a}'").stdout).toBe('one')
  })

  test.each([
    ['vim web.yaml', 'an editor needs a person'],
    ['watch kubectl get pods', 'kubectl get -w'],
    ['docker ps', 'look at them with kubectl'],
    ['mysql', 'mysql: command not found'],
    ['curl localhost', 'curl: (7) Failed to connect to localhost port 80 after 2 ms: Could not connect to server'],
    ['curl nginx', 'curl: (6) Could not resolve host: nginx'],
    ['nslookup kubernetes.default.svc.cluster.local 10.96.0.10', 'Address: 10.96.0.1'],
    ['ssh node-2 hostname', 'node-2'],
  ])('%s', (line, words) => {
    expect(session.run(line).shown).toContain(words)
  })

  it('ends a line that would not end, and goes on', () => {
    expect(session.run('while true; do true; done')).toMatchObject({ exit: 130, ended: 'too many rounds of loops' })
    expect(session.run('echo on').stdout).toBe('on\n')
    expect(session.run('kubectl wait pod/none --for=delete; kubectl rollout status statefulset/none')).toMatchObject({ exit: 1 })
  })

  it('stops a watch when nothing happens any more', () => {
    session.run('kubectl apply -f web.yaml')
    const { shown, ended } = session.run('kubectl get pods -w')
    expect(ended).toBe('interrupted')
    expect(shown).toMatch(/web-1 +1\/1 +Running/)
    expect(session.run('echo on')).toMatchObject({ exit: 0, stdout: 'on\n' })
  })

  it('starts again when its shell was left', () => {
    session.run('x=1')
    expect(session.run('exit 3')).toMatchObject({ left: true, exit: 3 })
    expect(session.run('echo "<$x>"').stdout).toBe('<>\n')
  })

  it('gives the same log for the same lines and seed', () => {
    const second = newCluster()
    const other = sessionOn(second)
    for (const line of [
      'kubectl apply -f web.yaml',
      'sleep 30',
      "kubectl exec web-0 -- sh -c 'hostname > /usr/share/nginx/html/index.html'",
      'for i in 1 2 3; do curl -s $(kubectl get svc web -o jsonpath={.spec.clusterIP}):8080; done',
    ]) {
      expect(other.run(line)).toEqual(session.run(line))
    }
    expect(second.log()).toEqual(simulation.log())
  })
})

describe('in Pods', () => {
  let simulation: Simulation
  let session: Session
  const out = (line: string): string => session.run(line).shown
  beforeEach(() => {
    simulation = newCluster()
    session = sessionOn(simulation)
    session.run('kubectl apply -f web.yaml; sleep 30')
    session.run("for i in 0 1; do kubectl exec web-$i -- sh -c 'echo hello $(hostname) > /usr/share/nginx/html/index.html'; done")
  })

  it('runs commands in their own files, with their own names', () => {
    expect(out('for i in 0 1; do kubectl exec -it web-$i -- curl localhost; done')).toBe('hello web-0\nhello web-1\n')
    expect(out('kubectl exec web-0 -- cat /etc/hostname /etc/resolv.conf')).toBe(
      'web-0\nsearch default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n',
    )
    expect(out("kubectl exec web-0 -- sh -c 'hostname -f; cd /usr/share/nginx/html; ls; echo $WEB_SERVICE_PORT $HOME'")).toBe(
      'web-0.nginx.default.svc.cluster.local\nindex.html\n8080 /root\n',
    )
  })

  it('finds the bytes again after the Pod was deleted', () => {
    expect(out('kubectl delete pod web-0; sleep 30; kubectl exec web-0 -- curl -s localhost')).toBe(
      'pod "web-0" deleted from default namespace\nhello web-0\n',
    )
  })

  it('reaches Pods by name and address, and one of them through a cluster IP or a node port', () => {
    expect(out('kubectl exec web-0 -- curl -s web-1.nginx')).toBe('hello web-1\n')
    expect(out("curl -s $(kubectl get pod web-1 -o jsonpath='{.status.podIP}')")).toBe('hello web-1\n')
    const answers = out(
      'for i in 1 2 3 4 5 6 7 8 9 10 11 12; do kubectl exec web-0 -- curl -s web:8080; done; for i in 1 2 3 4 5 6; do curl -s node-1:30080; done',
    )
      .trim()
      .split('\n')
    expect(answers).toHaveLength(18)
    expect(new Set(answers)).toEqual(new Set(['hello web-0', 'hello web-1']))
  })

  it('answers as nginx does', () => {
    expect(out("kubectl exec web-0 -- curl -s -o /dev/null -w '%{http_code}\\n' localhost/none")).toBe('404\n')
    expect(out('kubectl exec web-0 -- curl -s localhost/none')).toBe(
      '<html>\r\n<head><title>404 Not Found</title></head>\r\n<body bgcolor="white">\r\n<center><h1>404 Not Found</h1></center>\r\n<hr><center>nginx/1.9.1</center>\r\n</body>\r\n</html>\r\n',
    )
    session.run('kubectl exec web-0 -- rm /usr/share/nginx/html/index.html')
    expect(out('kubectl exec web-0 -- curl -sI localhost')).toMatch(/^HTTP\/1\.1 403 Forbidden\r\nServer: nginx\/1\.9\.1\r\n/)
  })

  it('times out where the network is cut, and is refused where nobody listens', () => {
    expect(out('kubectl exec web-0 -- curl -s -S web-1.nginx:81')).toContain('curl: (7) Failed to connect to web-1.nginx port 81')
    const node = simulation.reader().get('Pod', 'default', 'web-1')?.spec.nodeName ?? ''
    simulation.submit(actOnWorld({ kind: 'NodePartitioned', node }))
    const before = simulation.now()
    expect(out('kubectl exec web-0 -- curl -s -S -m 3 web-1.nginx')).toBe(
      'curl: (28) Connection timed out after 3001 milliseconds\ncommand terminated with exit code 28\n',
    )
    expect(simulation.now() - before).toBeGreaterThan(3_000)
    expect(out('kubectl exec web-1 -- hostname')).toMatch(/^Error from server: error dialing backend: dial tcp .*:10250: i\/o timeout\n$/)
  })

  it('has only the programs of the image', () => {
    expect(out('kubectl exec web-0 -- nslookup nginx')).toBe(
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nslookup": executable file not found in $PATH: unknown\ncommand terminated with exit code 127\n',
    )
    expect(out('kubectl exec web-0 -- sh -c frob')).toBe('sh: 1: frob: not found\ncommand terminated with exit code 127\n')
  })

  it('lets a container end from inside', () => {
    session.run('kubectl exec web-0 -- kill 1; sleep 5')
    expect(out('kubectl get pod web-0')).toMatch(/web-0 +1\/1 +Running +1 \(\d+s ago\)/)
  })

  it('goes on in the shell of a container until exit', () => {
    expect(session.run('kubectl exec -it web-0 -- bash').shown).toBe('')
    expect(session.prompt()).toBe('root@web-0:/# ')
    expect(session.depth()).toBe(1)
    expect(out('x=inner; cd /etc; cat hostname; echo $x')).toBe('web-0\ninner\n')
    expect(session.prompt()).toBe('root@web-0:/etc# ')
    expect(out('frob')).toBe('bash: frob: command not found\n')
    expect(session.run('exit').shown).toContain('command terminated with exit code 127')
    expect(session.prompt()).toBe('$ ')
    expect(out('echo "<$x>"')).toBe('<>\n')
  })

  it('loses its shell with the container', () => {
    session.run('kubectl exec -it web-0 -- bash')
    expect(session.run('kill 1; sleep 100').shown).toBe('command terminated with exit code 137\n')
    expect(session.prompt()).toBe('$ ')
  })

  it('reads its input only when it is asked to', () => {
    expect(out('kubectl get pods -o name | while read pod; do kubectl exec $pod -- hostname; done')).toBe('web-0\nweb-1\n')
    expect(out('echo "echo from $(hostname) input; hostname" | kubectl exec -i web-0 -- sh')).toBe('from console input\nweb-0\n')
  })

  it('sees the file server from outside', () => {
    const [folder = ''] = out('ls /exports').split(/\s+/)
    expect(out(`cat /exports/${folder}/index.html`)).toBe('hello web-0\n')
    session.run(`echo changed > /exports/${folder}/index.html`)
    expect(out('kubectl exec web-0 -- curl -s localhost')).toBe('changed\n')
  })
})

describe('names', () => {
  let session: Session
  const out = (line: string): string => session.run(line).shown
  beforeEach(() => {
    session = sessionOn(newCluster())
    // On one node, so that the addresses come in the order of the Pods.
    session.run('kubectl cordon node-2 node-3; kubectl apply -f web.yaml; sleep 30')
  })
  const [first, second] = ['10.244.0.2', '10.244.0.3']

  it('are told as old busybox tells them', () => {
    session.run('kubectl run -it old --rm --image=busybox:1.28.4 -- sh')
    expect(session.prompt()).toBe('/ # ')
    expect(out('nslookup web-0.nginx')).toBe(
      `Server:    10.96.0.10\nAddress 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local\n\nName:      web-0.nginx\nAddress 1: ${first} web-0.nginx.default.svc.cluster.local\n`,
    )
    expect(out('nslookup nginx')).toContain(`Address 2: ${second} web-1.nginx.default.svc.cluster.local\n`)
    expect(session.run('nslookup web-7.nginx')).toMatchObject({
      exit: 1,
      shown: expect.stringContaining("nslookup: can't resolve 'web-7.nginx'\n"),
    })
    expect(out('wget -qO- web-7.nginx')).toBe("wget: bad address 'web-7.nginx'\n")
    expect(out('exit')).toContain('pod "old" deleted')
    expect(out('sleep 5; kubectl get pod old')).toContain('"old" not found')
  })

  it('are told as new busybox tells them, which knows no search list for names with dots', () => {
    session.run('kubectl run -it --rm new --image=busybox:1.36 --restart=Never -- sh')
    expect(out('nslookup web-0.nginx.default.svc.cluster.local')).toBe(
      `Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\nName:\tweb-0.nginx.default.svc.cluster.local\nAddress: ${first}\n\n\n`,
    )
    expect(session.run('nslookup web-0.nginx')).toMatchObject({
      exit: 1,
      stdout:
        "Server:\t\t10.96.0.10\nAddress:\t10.96.0.10:53\n\n** server can't find web-0.nginx: NXDOMAIN\n\n** server can't find web-0.nginx: NXDOMAIN\n\n",
    })
    expect(out('ping -c 1 web-0.nginx')).toContain(`PING web-0.nginx (${first}): 56 data bytes\n64 bytes from ${first}: seq=0`)
  })

  it("are told as bind's programs tell them", () => {
    session.run('kubectl run -it --rm utils --image=registry.k8s.io/e2e-test-images/jessie-dnsutils:1.3 --restart=Never -- sh')
    expect(out('nslookup nginx')).toBe(
      `Server:\t\t10.96.0.10\nAddress:\t10.96.0.10#53\n\nName:\tnginx.default.svc.cluster.local\nAddress: ${first}\nName:\tnginx.default.svc.cluster.local\nAddress: ${second}\n\n`,
    )
    expect(out('dig +short nginx.default.svc.cluster.local')).toBe(`${first}\n${second}\n`)
    expect(out('dig +short SRV _web._tcp.nginx.default.svc.cluster.local')).toBe(
      '0 50 80 web-0.nginx.default.svc.cluster.local.\n0 50 80 web-1.nginx.default.svc.cluster.local.\n',
    )
    expect(out('dig web-0.nginx.default.svc.cluster.local')).toContain(
      `;; ANSWER SECTION:\nweb-0.nginx.default.svc.cluster.local. 30\tIN\tA\t${first}\n`,
    )
    expect(out('getent hosts web-1.nginx')).toBe(`${second.padEnd(15)} web-1.nginx.default.svc.cluster.local\n`)
  })
})

describe('transcripts', () => {
  it('pass on a real cluster, from the first manifest to the bytes that stay', () => {
    const result = sessionOn(newCluster()).runTranscript(`
$ kubectl apply -f web.yaml
service/nginx created
service/web created
statefulset.apps/web created
$ kubectl get pods -w -l app=nginx
NAME    READY   STATUS              RESTARTS   AGE
web-0   0/1     Pending             0          0s
…
web-1   1/1     Running             0          1s
^C
$ kubectl get pvc -l app=nginx
NAME        STATUS   VOLUME   CAPACITY   ACCESS MODES   STORAGECLASS   …   AGE
www-web-0   Bound    pvc-…    1Gi        RWO            standard       …   48s
www-web-1   Bound    pvc-…    1Gi        RWO            standard       …   48s
$ kubectl exec web-0 -- sh -c 'hostname'
web-0
$ for i in 0 1; do kubectl exec web-$i -- sh -c 'echo hello $(hostname) > /usr/share/nginx/html/index.html'; done
$ for i in 0 1; do kubectl exec -it web-$i -- curl localhost; done
hello web-0
hello web-1
$ kubectl delete pod -l app=nginx
# any order
pod "web-1" deleted …
pod "web-0" deleted …
$ sleep 30
# the same bytes again
$ kubectl exec -it web-0 -- curl localhost
hello web-0
$ kubectl run -i --tty --image busybox:1.28.4 dns-test --restart=Never --rm /bin/sh
…
/ # nslookup web-0.nginx
Server:    10.96.0.10
Address 1: 10.96.0.10 kube-dns.kube-system.svc.cluster.local

Name:      web-0.nginx
Address 1: 10.244.…
$ kubectl get pod dns-test
NAME       READY   STATUS    RESTARTS   AGE
dns-test   1/1     Running   0          2s
/ # exit
pod "dns-test" deleted …
`)
    expect(result.mismatches).toEqual([])
  })

  it('passes with Services and names as seen from a container', () => {
    const simulation = newCluster()
    const session = sessionOn(simulation)
    session.run(`cat > app.yaml <<EOF
apiVersion: v1
kind: Service
metadata: {name: app-service}
spec:
  type: NodePort
  selector: {app: go-app}
  ports: [{name: http, protocol: TCP, nodePort: 30081, port: 80, targetPort: 3000}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: my-go-app}
spec:
  replicas: 2
  selector: {matchLabels: {app: go-app}}
  template:
    metadata: {labels: {app: go-app}}
    spec:
      containers: [{name: go-app-container, image: kevinyan001/kube-go-app, ports: [{containerPort: 3000}]}]
EOF`)
    const result = session.runTranscript(`
➜ kubectl apply -f app.yaml
service/app-service created
deployment.apps/my-go-app created
➜ sleep 20
➜ kubectl exec -it $(kubectl get pods -l app=go-app -o jsonpath='{.items[0].metadata.name}')  -- /bin/sh
/app # nslookup app-service.default.svc.cluster.local
Server:     10.96.0.10 
Address:    10.96.0.10:53

Name:   app-service.default.svc.cluster.local
Address: 10.…
/app # nslookup $(hostname).app-service.default.svc.cluster.local
Server:     10.96.0.10
Address:    10.96.0.10:53

** server can't find my-go-app-….app-service.default.svc.cluster.local: NXDOMAIN
…
/app # wget -qO- app-service
my-go-app-…
/app # exit
…
➜ curl -s node-2:30081
my-go-app-…
`)
    expect(result.mismatches).toEqual([])
  })
})
