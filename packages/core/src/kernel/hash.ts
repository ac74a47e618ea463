/** SHA-256 behind one function, isomorphic. Node's entry points may pass the platform's faster one through the same type. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

export type Sha256 = (text: string) => string

/** The bytes of a text as UTF-8. */
export const utf8Bytes = (text: string): Uint8Array => utf8ToBytes(text)

export const portableSha256: Sha256 = (text) => bytesToHex(sha256(utf8ToBytes(text)))
