/** Which programs an image brings, by its name: data, the first entry that matches counts. */
import { matchesPattern } from '@statefold/core'
import type { ShellFlavour } from '../shell/machine.js'
import type { LookupStyle } from './dns-programs.js'

export interface Userland {
  readonly flavour: ShellFlavour
  readonly library: 'glibc' | 'musl'
  readonly lookup: LookupStyle
  /** True: the image has the program. */
  readonly has: (program: string) => boolean
}

const words = (text: string): readonly string[] => text.split(/\s+/).filter((word) => word !== '')

const textAndFiles = words(
  'awk base64 basename cat chmod chown cp cut dd df dirname du egrep env find grep head id kill ln ls mkdir mount mv nproc printenv ' +
    'realpath rm rmdir sed seq sh sleep sort stat sync tac tail tee timeout touch tr truncate uname uniq wc whoami xargs yes date diff hostname',
)
const busyboxOnly = words('ash killall nc nslookup ping pkill ps rev telnet wget')
const debianOnly = words('bash dash getent')

const only = (programs: readonly (readonly string[])[], without: readonly string[] = []): ((program: string) => boolean) => {
  const present = new Set(programs.flat().filter((program) => !without.includes(program)))
  return (program) => present.has(program)
}

const everything = (): boolean => true
const nothing = (): boolean => false

/** `busybox:1.28.4` is [1, 28]; without a number it is a recent one. */
const busyboxMinor = (image: string): number => Number(/busybox[^:]*:(?:[a-z]+-)?1\.(\d+)/.exec(image)?.[1] ?? '37')

// Follows the history of networking/nslookup.c: rewritten in 1.29, search lists for plain names since 1.30.
const lookupOfBusybox = (minor: number): LookupStyle => (minor <= 28 ? { kind: 'libc' } : { kind: 'own', searches: minor >= 30 })

const busybox = (image: string): Userland => ({
  flavour: 'busybox',
  library: 'glibc',
  lookup: lookupOfBusybox(busyboxMinor(image)),
  has: only([textAndFiles, busyboxOnly]),
})

const alpine = (extra: string): Userland => ({
  flavour: 'busybox',
  library: 'musl',
  lookup: lookupOfBusybox(36),
  has: only([textAndFiles, busyboxOnly, ['getent'], words(extra)]),
})

const debian = (extra = '', without = ''): Userland => ({
  flavour: 'dash',
  library: 'glibc',
  lookup: { kind: 'bind' },
  has: only([textAndFiles, debianOnly, words(extra)], words(without)),
})

const everywhere: Userland = { flavour: 'dash', library: 'glibc', lookup: { kind: 'bind' }, has: everything }

const empty: Userland = { flavour: 'dash', library: 'glibc', lookup: { kind: 'bind' }, has: nothing }

const userlands: readonly (readonly [string, (image: string) => Userland])[] = [
  ['*pause*', () => empty],
  ['*distroless*', () => empty],
  ['*coredns*', () => empty],
  ['*hello-world*', () => empty],
  ['*dnsutils*', () => everywhere],
  ['*netshoot*', () => everywhere],
  ['*network-multitool*', () => everywhere],
  ['*busyboxplus*', () => ({ ...busybox('busybox:1.28'), has: only([textAndFiles, busyboxOnly, ['curl']]) })],
  ['*busybox*', busybox],
  ['*curlimages/curl*', () => alpine('curl')],
  ['*nginx*alpine*', () => alpine('curl')],
  ['*alpine*', () => alpine('')],
  ['*kube-go-app*', () => alpine('')],
  ['*nginx*', () => debian('curl')],
  ['*kubernetes-bootcamp*', () => debian('curl')],
  ['*httpd*', () => debian()],
  ['*mysql*', () => debian('', 'ps')],
  ['*mariadb*', () => debian()],
  ['*postgres*', () => debian()],
  ['*redis*', () => debian()],
  ['*mongo*', () => debian()],
  ['*debian*', () => debian()],
  ['*ubuntu*', () => debian()],
  ['*centos*', () => ({ ...debian('curl ps'), flavour: 'bash' })],
]

/** Differs from Kubernetes: an image that is not known has every program. */
export const userlandOf = (image: string): Userland =>
  userlands.find(([pattern]) => matchesPattern(pattern, image))?.[1](image) ?? everywhere
