import { expect, test } from 'vitest'
import { s3Options } from './s3-place.js'

const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' }

test.each([
  ['s3://retnet', {}, 'https://retnet.s3.us-east-1.amazonaws.com', ''],
  ['s3://retnet/', { AWS_REGION: 'eu-west-1' }, 'https://retnet.s3.eu-west-1.amazonaws.com', ''],
  ['s3://my.retnet/a', { AWS_REGION: '' }, 'https://s3.us-east-1.amazonaws.com/my.retnet', 'a/'],
  ['s3://retnet/a/b', { AWS_ENDPOINT_URL: 'http://s3:9000' }, 'http://s3:9000/retnet', 'a/b/'],
  ['s3://retnet//a/b/', { AWS_ENDPOINT_URL: 'https://s3.example.com/' }, 'https://s3.example.com/retnet', 'a/b/'],
  ['s3://Ret_Net/a', { AWS_ENDPOINT_URL: 'https://example.com/s3/' }, 'https://example.com/s3/Ret_Net', 'a/'],
])('%s, %o is %s', (place, env, url, prefix) => {
  expect(s3Options(place, { ...keys, ...env })).toMatchObject({ url, prefix })
})

test('a temporary key brings its token', () => {
  expect(s3Options('s3://retnet', { ...keys, AWS_SESSION_TOKEN: 'token' }).credentials).toEqual({
    accessKeyId: 'id',
    secretAccessKey: 'secret',
    sessionToken: 'token',
  })
})

test.each([
  's3://',
  's3:///a',
  's3://a b/c',
  's3://retnet/a b',
  's3://retnet/%61',
  's3://user@retnet/a',
  's3://retnet:9000',
])('%s is told to be no place', (place) => {
  expect(() => s3Options(place, keys)).toThrow(/^--states: expected s3:\/\/bucket\/prefix/)
})

test.each(['s3:9000', '127.0.0.1:9000', 'ftp://s3', 'https://', 'http://s3/?a=b'])('%s is no endpoint', (endpoint) => {
  expect(() => s3Options('s3://retnet', { ...keys, AWS_ENDPOINT_URL: endpoint })).toThrow(
    `AWS_ENDPOINT_URL: expected http://host or https://host, got ${endpoint}.`,
  )
})

test('without keys it says which', () => {
  expect(() => s3Options('s3://retnet', { AWS_ACCESS_KEY_ID: 'id' })).toThrow('AWS_SECRET_ACCESS_KEY is missing')
})
