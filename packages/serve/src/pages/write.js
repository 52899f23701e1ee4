// A text box whose text the model continues.
import { eventData } from './events.js'
import { headers, messageOf } from './key.js'

const $ = (id) => document.querySelector(`#${id}`)
const [form, prompt, text, status, error] = ['form', 'prompt', 'text', 'status', 'error'].map($)
let running = null

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void write()
})
$('stop').addEventListener('click', () => running?.abort())
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') running?.abort()
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey) && running === null) form.requestSubmit()
})
void showModel()

async function showModel() {
  const response = await fetch('/v1/models', { headers: headers() }).catch(() => null)
  if (response?.ok) $('model').textContent = (await response.json()).data[0].id
}

async function write() {
  if (running !== null) return
  running = new AbortController()
  begin()
  const meter = { tokens: 0, since: performance.now() }
  try {
    await stream(running.signal, meter)
    status.textContent = `${status.textContent} Done.`
  } catch (cause) {
    if (running.signal.aborted) status.textContent = `${status.textContent} Stopped.`
    else fail(cause)
  } finally {
    running = null
    setBusy(false)
  }
}

async function stream(signal, meter) {
  const body = JSON.stringify({ ...request(), stream: true, stream_options: { include_usage: true } })
  const response = await fetch('/v1/completions', { method: 'POST', headers: headers(), body, signal })
  if (!response.ok) throw new Error(await messageOf(response))
  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') return
    const { choices, usage, error: problem } = JSON.parse(data)
    if (problem) throw new Error(problem.message)
    if (choices?.[0]) append(choices[0].text, meter)
    if (usage) measure(meter, usage.completion_tokens)
  }
  throw new Error('The server ended the text before its end.')
}

function request() {
  const seed = $('seed').value
  return {
    prompt: prompt.value,
    max_tokens: Number($('tokens').value),
    temperature: Number($('temperature').value),
    ...(seed !== '' && { seed: Number(seed) }),
  }
}

function append(more, meter) {
  const atEnd = text.scrollTop + text.clientHeight >= text.scrollHeight - 8
  text.append(more)
  if (atEnd) text.scrollTop = text.scrollHeight
  measure(meter, meter.tokens + 1)
}

function measure(meter, tokens) {
  // the time before the first token is that of the prompt
  if (meter.tokens === 0) meter.since = performance.now()
  meter.tokens = tokens
  const seconds = (performance.now() - meter.since) / 1000
  const speed = tokens > 1 && seconds > 0 ? `, ${((tokens - 1) / seconds).toFixed(0)} tokens/s` : ''
  status.textContent = `${tokens} tokens${speed}.`
}

function begin() {
  error.hidden = true
  status.textContent = 'Reading the text ...'
  const given = document.createElement('span')
  given.className = 'given'
  given.textContent = prompt.value
  text.replaceChildren(given)
  setBusy(true)
}

function setBusy(busy) {
  const hadFocus = document.activeElement === $(busy ? 'write' : 'stop')
  $('write').disabled = busy
  $('stop').disabled = !busy
  text.setAttribute('aria-busy', String(busy))
  if (hadFocus) $(busy ? 'stop' : 'write').focus()
}

function fail(cause) {
  status.textContent = ''
  error.textContent = cause instanceof TypeError ? 'The server cannot be reached.' : cause.message
  error.hidden = false
}
