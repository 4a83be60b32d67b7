// A certificate authority that lives as long as the emulator: its key signs one
// certificate and is forgotten; neither key is ever written anywhere.
import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';

export interface ServerCertificate {
  /** PEM, like the others. */
  readonly key: string;
  readonly certificate: string;
  readonly caCertificate: string;
}

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';

interface Party {
  readonly name: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

function createParty(name: string): Party {
  return { name, ...generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

const toArrayBuffer = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

function distinguishedName(commonName: string): Name {
  const value = new AttributeValue({ utf8String: commonName });
  return new Name([new RelativeDistinguishedName([new AttributeTypeAndValue({ type: COMMON_NAME, value })])]);
}

function publicKeyInfo(party: Party): SubjectPublicKeyInfo {
  return AsnConvert.parse(party.publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
}

/** RFC 5280 section 4.2.1.2, method 1. */
function keyIdentifier(party: Party): ArrayBuffer {
  const bits = new Uint8Array(publicKeyInfo(party).subjectPublicKey);
  return toArrayBuffer(createHash('sha1').update(bits).digest());
}

function extension(extnID: string, critical: boolean, value: unknown): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

/** Some verifiers (Python since 3.13) insist on both identifiers. */
function keyIdentifiers(subject: Party, issuer: Party): Extension[] {
  const authority = new AuthorityKeyIdentifier({ keyIdentifier: new KeyIdentifier(keyIdentifier(issuer)) });
  return [
    extension(id_ce_subjectKeyIdentifier, false, new SubjectKeyIdentifier(keyIdentifier(subject))),
    extension(id_ce_authorityKeyIdentifier, false, authority),
  ];
}

function issue(subject: Party, issuer: Party, nowMs: number, extensions: Extension[]): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const serial = randomBytes(16);
  // Positive and without leading zeros, whatever was drawn.
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40;
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: toArrayBuffer(serial),
    signature: algorithm,
    issuer: distinguishedName(issuer.name),
    subject: distinguishedName(subject.name),
    validity: new Validity({ notBefore: new Date(nowMs - DAY_MS), notAfter: new Date(nowMs + 365 * DAY_MS) }),
    subjectPublicKeyInfo: publicKeyInfo(subject),
    extensions: new Extensions([...extensions, ...keyIdentifiers(subject, issuer)]),
  });
  const signed = sign('sha256', new Uint8Array(AsnConvert.serialize(tbsCertificate)), issuer.privateKey);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: toArrayBuffer(signed),
  });
  const base64 = Buffer.from(AsnConvert.serialize(certificate)).toString('base64');
  return `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{1,64}/g, '$&\n')}-----END CERTIFICATE-----\n`;
}

function alternativeName(name: string): GeneralName {
  return new GeneralName(isIP(name) ? { iPAddress: name } : { dNSName: name });
}

const privateKeyOf = (party: Party): string => party.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

const FOR_SERVERS: readonly Extension[] = [
  extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: false })),
  extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.digitalSignature)),
  extension(id_ce_extKeyUsage, false, new ExtendedKeyUsage([id_kp_serverAuth])),
];

export interface SelfSignedCertificate {
  /** PEM, like the other. */
  readonly key: string;
  readonly certificate: string;
  /** SHA-1, 40 hexadecimal digits in upper case. */
  readonly thumbprint: string;
}

/** Without the name of any host: it is known by its thumbprint alone. */
export function createSelfSignedCertificate(nowMs: number): SelfSignedCertificate {
  const server = createParty('vaultstrap emulator cluster');
  const certificate = issue(server, server, nowMs, [...FOR_SERVERS]);
  const thumbprint = new X509Certificate(certificate).fingerprint.replaceAll(':', '');
  return { key: privateKeyOf(server), certificate, thumbprint };
}

/** EC P-256; takes about 5 ms. */
export function createServerCertificate(names: readonly string[], nowMs: number): ServerCertificate {
  const authority = createParty('vaultstrap emulator CA');
  const server = createParty('vaultstrap emulator');
  return {
    key: privateKeyOf(server),
    certificate: issue(server, authority, nowMs, [
      ...FOR_SERVERS,
      extension(id_ce_subjectAltName, false, new SubjectAlternativeName(names.map(alternativeName))),
    ]),
    caCertificate: issue(authority, authority, nowMs, [
      extension(id_ce_basicConstraints, true, new BasicConstraints({ cA: true, pathLenConstraint: 0 })),
      extension(id_ce_keyUsage, true, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign)),
    ]),
  };
}
