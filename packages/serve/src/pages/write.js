// A text box whose text the model continues.
import { eventData } from './events.js'
import { headers, messageOf } from './key.js'
import { Output } from './output.js'

const $ = (id) => document.querySelector(`#${id}`)
const [form, prompt, text, status, error] = ['form', 'prompt', 'text', 'status', 'error'].map($)
let running = null

form.addEventListener('submit', (event) => {
  event.preventDefault()
  void write()
})
$('stop').addEventListener('click', () => running?.abort())
$('key').addEventListener('change', () => void showModel())
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
  const output = new Output(text, status)
  try {
    await stream(running.signal, output)
    output.end('Done.')
  } catch (cause) {
    output.end(running.signal.aborted ? 'Stopped.' : '')
    if (!running.signal.aborted) fail(cause)
  } finally {
    running = null
    setBusy(false)
  }
}

async function stream(signal, output) {
  const body = JSON.stringify({ ...request(), stream: true, stream_options: { include_usage: true } })
  const response = await fetch('/v1/completions', { method: 'POST', headers: headers(), body, signal })
  if (response.status === 401) $('access').open = true
  if (!response.ok) throw new Error(await messageOf(response))
  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') return
    const { choices, usage, error: problem } = JSON.parse(data)
    if (problem) throw new Error(problem.message)
    if (choices?.[0]) output.add(choices[0].text)
    if (usage) output.tokens = usage.completion_tokens
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
