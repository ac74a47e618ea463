/** What a search that leaves something out has come to does not hold: it begins anew, and leaves nothing out. */
export class NotConfirmed extends Error {
  override readonly name = 'NotConfirmed'
}
