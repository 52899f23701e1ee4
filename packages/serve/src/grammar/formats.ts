/** Formats of strings as patterns. Each gives a part of what the format allows: no leap days, no internationalised names. */

const day =
  '(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8]))'
const date = `[0-9]{4}-${day}`
const time = '(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])'
const byte = '(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])'
const label = '[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?'
const atom = '[A-Za-z0-9_+-]{1,32}'

export const formats: Readonly<Record<string, string>> = {
  date: `^${date}$`,
  time: `^${time}$`,
  'date-time': `^${date}T${time}$`,
  duration: '^P(?:[0-9]{1,4}W|[0-9]{1,4}D(?:T[0-9]{1,4}H)?|T[0-9]{1,4}[HMS])$',
  email: `^${atom}(?:\\.${atom}){0,2}@(?:[A-Za-z0-9]{1,32}\\.){1,3}[A-Za-z]{2,8}$`,
  hostname: `^${label}(?:\\.${label}){0,3}$`,
  ipv4: `^${byte}(?:\\.${byte}){3}$`,
  uuid: '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$',
  uri: '^https?://(?:[A-Za-z0-9]{1,32}\\.){1,3}[A-Za-z]{2,8}(?:/[A-Za-z0-9._~-]{1,64}){0,8}/?$',
}
