/** SHA-256 behind one function, isomorphic. Node's entry points may pass the platform's faster one through the same type. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

export type Sha256 = (text: string) => string

export const portableSha256: Sha256 = (text) => bytesToHex(sha256(utf8ToBytes(text)))
