// The routes of /openapi.json as text.
import { headers, messageOf } from './key.js'

const $ = (id) => document.querySelector(`#${id}`)
$('key-form').addEventListener('submit', (event) => event.preventDefault())
$('key').addEventListener('change', () => void load())
void load()

async function load() {
  const response = await fetch('/openapi.json', { headers: headers() }).catch(() => null)
  $('error').hidden = response?.ok === true
  if (response?.status === 401) Object.assign($('access'), { hidden: false, open: true })
  if (response?.ok) show(await response.json())
  else $('error').textContent = response ? await messageOf(response) : 'The server cannot be reached.'
}

/** An element of children; text stays text, whatever it holds. */
function make(name, attributes, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

function show(document_) {
  const all = Object.entries(document_.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  $('info').textContent = document_.info.description ?? ''
  $('contents').replaceChildren(
    ...all.map(({ path, method }) => {
      return make('a', { href: `#${method}${path}` }, make('code', {}, make('span', { class: 'method' }, method), path))
    }),
  )
  $('routes').replaceChildren(...all.map((route) => section(document_, route)))
  // the target of the address did not exist before
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView()
}

function section(document_, { path, method, operation }) {
  const resolve = (schema) => (schema?.$ref ? document_.components.schemas[schema.$ref.split('/').at(-1)] : schema)
  const schema = resolve(operation.requestBody?.content['application/json'].schema)
  const title = make('h2', {}, make('code', {}, make('span', { class: 'method' }, method), path))
  return make(
    'section',
    { id: `${method}${path}` },
    title,
    make('p', {}, `${operation.summary}.`, ...(operation.description ? [` ${operation.description}`] : [])),
    ...(operation.security?.length === 0 ? [make('p', { class: 'hint' }, 'Needs no key.')] : []),
    ...(schema ? [fields(schema, resolve)] : []),
    ...(operation['x-example'] ? [example(path, operation['x-example'])] : []),
    answers(operation.responses),
  )
}

function fields(schema, resolve) {
  const required = new Set(schema.required ?? [])
  const rows = Object.entries(schema.properties ?? {}).map(([name, value]) => [
    `${name}${required.has(name) ? ' (required)' : ''}`,
    typeOf(value, resolve),
    resolve(value)?.description ?? value.description ?? '',
  ])
  return table(['parameter', 'type', 'meaning'], rows)
}

function typeOf(given, resolve) {
  const schema = resolve(given) ?? {}
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  const isType = (type) => type !== '' && type !== 'null'
  const branches = schema.anyOf ?? schema.oneOf
  if (branches) return [...new Set(branches.map((one) => typeOf(one, resolve)))].filter(isType).join(' or ')
  const types = [schema.type ?? 'any'].flat().filter(isType)
  return schema.items ? `${types.join(' or ')} of ${typeOf(schema.items, resolve)}` : types.join(' or ')
}

function example(path, body) {
  const command = `curl ${location.origin}${path} -H 'content-type: application/json' \\\n  -d '${JSON.stringify(body)}'`
  return make('pre', { tabindex: '0' }, make('code', {}, command))
}

function answers(responses) {
  return table(
    ['status', 'answer'],
    Object.entries(responses).map(([status, { description }]) => [status, description]),
  )
}

function table(heads, rows) {
  const line = (kind, cells) => make('tr', {}, ...cells.map((cell) => make(kind, {}, cell)))
  const body = rows.map((cells) => line('td', cells))
  return make(
    'div',
    { class: 'table' },
    make('table', {}, make('thead', {}, line('th', heads)), make('tbody', {}, ...body)),
  )
}
