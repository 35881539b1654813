/** Placeholders for secrets in examples, guides and compose files. */
const PLACEHOLDER =
  /change[\s_.-]*(me|this|it)|replace[\s_.-]*(me|this|with)|(insert|put|enter|paste)[\s_.-]*(your|here)|your[\s_.-]*(own|secret|token|key|password)|placeholder|the-very-same/i;

/** Words people fall back on. A secret made of little else is worthless. */
const COMMON =
  /pass(word|wd|phrase)?|pwd|secrets?|tokens?|keys?|admin(istrator)?|root|users?|guildhall|default|example|sample|dummy|test(ing)?|demo|dev(elopment)?|prod(uction)?|staging|local(host)?|super|very|long|strong|secure|insecure|private|please|letmein|welcome|qwert[yz](uiop)?|asdf(ghjkl)?|hello|world|(?<![a-z\d])(my|our|the|this|is|an?|not)(?![a-z\d])/gi;

/**
 * Returns whether a secret is guessable, however long: a placeholder, a repetition or sequence, or made of words anyone would
 * try. A secret that passes may still be bad.
 */
export function isWeakSecret(secret: string): boolean {
  return PLACEHOLDER.test(secret) || isMonotonous(secret) || isCommon(secret);
}

/** `aaaa…`, `abababab…`, `secretsecret…`, `0123456789…`, `zyxw…`. */
function isMonotonous(secret: string): boolean {
  const period = (secret + secret).indexOf(secret, 1);
  const codes = [...secret].map((character) => character.charCodeAt(0));
  const steps = codes.filter((code, n) => n > 0 && Math.abs(code - (codes[n - 1] ?? 0)) <= 1).length;
  return period < secret.length || new Set(codes).size < 5 || steps * 4 > codes.length * 3;
}

function isCommon(secret: string): boolean {
  const rest = secret.replace(COMMON, " ");
  if (rest === secret) return false;
  // Years and sequences add nothing.
  const telling = rest
    .replace(/[^a-z\d]+/gi, "")
    .replace(/(?<!\d)(19|20)\d\d(?!\d)|0?123(4(5(6(7(8(90?)?)?)?)?)?)?/g, "");
  return telling.length < 8;
}
