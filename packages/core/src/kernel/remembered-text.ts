/** Answers about texts, kept: where the same few texts are asked for again and again. A cache only; who asks cannot tell. */
const textsMax = 4_096

/** The same function, which works a text out once. */
export const rememberedText = <Answer extends object | string | number>(workOut: (text: string) => Answer): ((text: string) => Answer) => {
  const known = new Map<string, Answer>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined) return found
    const answer = workOut(text)
    if (known.size >= textsMax) known.clear()
    known.set(text, answer)
    return answer
  }
}
