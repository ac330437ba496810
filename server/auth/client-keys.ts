import { randomUUID } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import type { Sql } from '../db/database.ts';

/** Algorithms that SMART App Launch 2.2 demands of clients (client-confidential-asymmetric). */
export type ClientKeyAlgorithm = 'RS384' | 'ES384';

/** What an authorization server is to believe of us. */
export interface ClientAssertion {
  readonly clientId: string;
  /** URL of the token endpoint. */
  readonly audience: string;
  readonly alg: ClientKeyAlgorithm;
}

interface ClientKey {
  readonly kid: string;
  readonly private_jwk: JWK;
}

/** Signs an assertion that lives for four minutes, of the five that are allowed, with our key of the algorithm. */
export async function signAssertion(
  sql: Sql,
  tenant: string,
  { clientId, audience, alg }: ClientAssertion,
): Promise<string> {
  const { kid, private_jwk } = await keyOf(sql, tenant, alg);
  return new SignJWT({})
    .setProtectedHeader({ alg, kid, typ: 'JWT' })
    .setIssuer(clientId)
    .setSubject(clientId)
    .setAudience(audience)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('4m')
    .sign(await importJWK(private_jwk, alg));
}

/** Our public keys as a JWK Set (RFC 7517), for authorization servers. One for each algorithm is there from the start. */
export async function publicKeys(sql: Sql, tenant: string): Promise<{ readonly keys: readonly JWK[] }> {
  for (const alg of ['RS384', 'ES384'] as const) await keyOf(sql, tenant, alg);
  const { rows } = await sql.query<{ kid: string; alg: string; private_jwk: JWK }>(
    'SELECT kid, alg, private_jwk FROM client_key WHERE tenant = $1 ORDER BY alg, created_at',
    [tenant],
  );
  return {
    keys: rows.map(({ kid, alg, private_jwk: { kty, n, e, crv, x, y } }) => ({
      ...JSON.parse(JSON.stringify({ kty, n, e, crv, x, y })),
      kid,
      alg,
      use: 'sig',
      key_ops: ['verify'],
    })),
  };
}

/** Makes the key when there is none; of two processes that do so at once, one has its key kept. */
async function keyOf(sql: Sql, tenant: string, alg: ClientKeyAlgorithm): Promise<ClientKey> {
  const known = await readKey(sql, tenant, alg);
  if (known !== null) return known;
  const { privateKey } = await generateKeyPair(alg, { extractable: true, modulusLength: 3072 });
  const jwk = await exportJWK(privateKey);
  await sql.query(
    `INSERT INTO client_key (tenant, kid, alg, private_jwk) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [tenant, await calculateJwkThumbprint(jwk), alg, JSON.stringify(jwk)],
  );
  const kept = await readKey(sql, tenant, alg);
  if (kept === null) throw new Error('a client key was not kept');
  return kept;
}

async function readKey(sql: Sql, tenant: string, alg: ClientKeyAlgorithm): Promise<ClientKey | null> {
  const { rows } = await sql.query<{ kid: string; private_jwk: JWK }>(
    'SELECT kid, private_jwk FROM client_key WHERE tenant = $1 AND alg = $2',
    [tenant, alg],
  );
  return rows[0] ?? null;
}
