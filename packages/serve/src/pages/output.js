/** The text that comes, and how fast. It is shown once a frame: a page that lays out every token of a fast model answers to no click. */
export class Output {
  tokens = 0
  #since = 0
  #waiting = ''
  #frame = 0
  #text
  #status
  #node = document.createTextNode('')

  constructor(/** @type {HTMLElement} */ text, /** @type {HTMLElement} */ status) {
    this.#text = text
    this.#status = status
    text.append(this.#node)
  }

  add(/** @type {string} */ more) {
    // the time before the first token is that of the prompt
    if (this.tokens === 0) this.#since = performance.now()
    this.tokens += 1
    this.#waiting += more
    this.#frame ||= requestAnimationFrame(() => this.#show())
  }

  /** Shows what is left, whether there are frames or not. */
  end(/** @type {string} */ word) {
    cancelAnimationFrame(this.#frame)
    this.#show()
    this.#status.textContent = `${this.#status.textContent} ${word}`.trim()
  }

  #show() {
    const { scrollTop, clientHeight, scrollHeight } = this.#text
    this.#node.appendData(this.#waiting)
    if (scrollTop + clientHeight >= scrollHeight - 8) this.#text.scrollTop = this.#text.scrollHeight
    this.#waiting = ''
    this.#frame = 0
    this.#status.textContent = `${this.tokens} tokens${this.#speed()}.`
  }

  #speed() {
    const seconds = (performance.now() - this.#since) / 1000
    return this.tokens > 1 && seconds > 0 ? `, ${((this.tokens - 1) / seconds).toFixed(0)} tokens/s` : ''
  }
}
