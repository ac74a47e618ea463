/** SHA-256 behind one port, isomorphic. Node's entry points may pass the platform's faster one through the same type. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** The hash of all that was added so far; more may follow. Text counts as its bytes in UTF-8. */
export interface RunningHash {
  readonly add: (piece: string | Uint8Array) => void
  /** In hexadecimal digits. */
  readonly digest: () => string
  /** One that goes on from here by itself. */
  readonly copy: () => RunningHash
}

export interface Sha256 {
  (text: string): string
  readonly start: () => RunningHash
}

/** The bytes of a text as UTF-8. */
export const utf8Bytes = (text: string): Uint8Array => utf8ToBytes(text)

type NobleHash = ReturnType<typeof sha256.create>

const running = (hash: NobleHash): RunningHash => ({
  add: (piece) => {
    hash.update(typeof piece === 'string' ? utf8ToBytes(piece) : piece)
  },
  digest: () => bytesToHex(hash.clone().digest()),
  copy: () => running(hash.clone()),
})

export const portableSha256: Sha256 = Object.assign((text: string) => bytesToHex(sha256(utf8ToBytes(text))), {
  start: () => running(sha256.create()),
})
