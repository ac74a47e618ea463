/** Images that people's manifests use, as far as their programs matter: what they serve, and how they end. */
import type { ImageBehaviour, WorldSettings } from '../../cluster/world.js'

const nginxWelcome = `<!DOCTYPE html>
<html>
<head>
<title>Welcome to nginx!</title>
</head>
<body>
<h1>Welcome to nginx!</h1>
<p>If you see this page, nginx is successfully installed and working.
Further configuration is required for the web server, reverse proxy,
API gateway, load balancer, content cache, or other features.</p>
<p><em>Thank you for using nginx.</em></p>
</body>
</html>
`

const web = (images: string, documentRoot: string, server: string, files: { readonly [path: string]: string }): ImageBehaviour => ({
  images,
  sizeBytes: 72_099_410,
  onTerminate: 0,
  listens: [80],
  http: { documentRoot, server },
  files,
})

/** A shell that finds no terminal ends at once. */
const shell = (images: string): ImageBehaviour => ({
  images,
  sizeBytes: 4_277_910,
  onTerminate: 'ignores',
  exits: { afterMs: 100, exitCode: 0 },
})

const server = (images: string, port: number): ImageBehaviour => ({ images, sizeBytes: 150_000_000, onTerminate: 0, listens: [port] })

/** Answers every visitor with its host name, so that one sees which Pod it was. `{hostname}` stands for it. */
const greeter = (images: string, port: number, body: string, workingDirectory?: string): ImageBehaviour => ({
  images,
  sizeBytes: 30_000_000,
  onTerminate: 0,
  listens: [port],
  http: { routes: { '/': { status: 200, body } } },
  ...(workingDirectory === undefined ? undefined : { workingDirectory }),
})

const standardImages: readonly ImageBehaviour[] = [
  greeter('*kube-go-app*', 3000, '{hostname}\n', '/app'),
  greeter('*kubernetes-bootcamp:v2*', 8080, 'Hello Kubernetes bootcamp! | Running on: {hostname} | v=2\n'),
  greeter('*kubernetes-bootcamp*', 8080, 'Hello Kubernetes bootcamp! | Running on: {hostname} | v=1\n'),
  greeter('*hello-app:2*', 8080, 'Hello, world!\nVersion: 2.0.0\nHostname: {hostname}\n'),
  greeter('*hello-app*', 8080, 'Hello, world!\nVersion: 1.0.0\nHostname: {hostname}\n'),
  greeter('*serve_hostname*', 9376, '{hostname}'),
  greeter('*serve-hostname*', 9376, '{hostname}'),
  greeter('*kubia*', 8080, "You've hit {hostname}\n"),
  web('*nginx-slim*', '/usr/share/nginx/html', 'nginx', {}),
  web('*nginx*', '/usr/share/nginx/html', 'nginx', {
    '/usr/share/nginx/html/index.html': nginxWelcome,
    '/usr/share/nginx/html/50x.html': '<html><body><h1>An error occurred.</h1></body></html>\n',
  }),
  web('*httpd*', '/usr/local/apache2/htdocs', 'Apache', {
    '/usr/local/apache2/htdocs/index.html': '<html><body><h1>It works!</h1></body></html>\n',
  }),
  shell('*busybox*'),
  shell('*alpine*'),
  shell('*ubuntu*'),
  shell('*debian*'),
  shell('*centos*'),
  server('*mysql*', 3306),
  server('*mariadb*', 3306),
  server('*postgres*', 5432),
  server('*redis*', 6379),
  server('*mongo*', 27017),
  server('*etcd*', 2379),
  server('*zookeeper*', 2181),
  { images: '*cassandra*', sizeBytes: 350_000_000, onTerminate: 143, listens: [9042], answersAfterMs: 20_000 },
  { images: '*pause*', sizeBytes: 300_000, onTerminate: 0 },
]

/** The product's default world: the real kubelet's rules, images that must be pulled once a node, and the latencies of a quiet cluster. */
export const kubeletSettings: WorldSettings = {
  profile: 'kubelet',
  latencies: {
    imagePullMs: 2_000,
    sandboxMs: 500,
    containerStartMs: { min: 300, max: 900 },
    containerStopMs: { min: 100, max: 600 },
    podCleanUpMs: 300,
    attachMs: 1_000,
    detachMs: 1_000,
    provisionMs: 2_000,
  },
  images: standardImages,
  imagesMustBePulled: true,
  podAddresses: { kind: 'perNode', first: '10.244.0.2' },
  heartbeatMs: 10_000,
  clusterDomain: 'cluster.local',
  dnsAddress: '10.96.0.10',
}
