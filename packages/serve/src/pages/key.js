// The API key of this tab, and headers with it.
const field = document.querySelector('#key')
field.value = sessionStorage.getItem('retnet-key') ?? ''
field.addEventListener('change', () => sessionStorage.setItem('retnet-key', field.value))

/** @returns {Record<string, string>} */
export function headers() {
  const key = field.value.trim()
  return { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) }
}

/** The message of an answer that is an error. */
export async function messageOf(/** @type {Response} */ response) {
  const body = await response.json().catch(() => null)
  return body?.error?.message ?? `The server answered ${response.status}.`
}
