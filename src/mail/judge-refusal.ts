/**
 * Whose fault a refusal is. `recipient`: the mailbox can never be reached. `email`: this one email's, or its
 * recipient's for now. All others are problems on the sending side, named by their cause.
 */
export type Fault = "recipient" | "email" | SendingFault;

export type SendingFault =
  | "login"
  | "sender"
  | "relay"
  | "block list"
  | "rate"
  | "connections"
  | "busy"
  | "content"
  | "policy";

/** The three digits, and an enhanced code (RFC 3463), only at the start: later ones may be quotations. */
const START =
  /^\s*(?:smtp;\s*)?(?:([245]\d\d)(?:[\s-]|$))?[\s[(#]*(?:([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]))?[\s\])]*/i;
/** The prefix that every line of a multi-line reply repeats. */
const NEXT_LINE = /\r?\n(?:\d{3}[ -])?(?:[245]\.\d{1,3}\.\d{1,3} )?/g;
/** Addresses, links and hosts, which may contain any words. Only the names of well-known block lists count in them. */
const QUOTED = /<[^>]*>|\S+@\S+|(?:\b\w+:\/\/)?\b[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}\b\S*/g;
const LISTS = /spamhaus|spamcop|barracudacentral|ipcheck|dnsbl/;
/** The most characters of a reply to read. A reply may be very long. */
const LONGEST = 1_000;

/** Returns the subject and detail of the enhanced code at the start of a reply, such as `1.1`. */
export function enhancedCode(reply: string): string | undefined {
  const [, , , subject, detail] = START.exec(reply) ?? [];
  return subject === undefined ? undefined : `${subject}.${detail}`;
}

/**
 * Judges a refusal by the enhanced code at the start of the reply, or else by plain words about the user or mailbox.
 * In doubt the result isn't `recipient`, because a mailbox that counts as dead is never invited again.
 * @param reply from a server or provider, with or without the three digits.
 */
export function judgeRefusal(reply: string): Fault {
  const [start, digits, , subject] = START.exec(reply) ?? [""];
  const enhanced = enhancedCode(reply);
  const words = wordsOf(reply.slice(start.length, start.length + LONGEST));
  const passing = digits === undefined ? /^\D*4\./.test(start) : digits.startsWith("4");
  const saysNobody = NOBODY.test(words);
  const ofSender = sendingFault(digits, enhanced, words);
  // A mailbox may limit how fast it takes email.
  const ofMailbox = subject === "2" && (ofSender === "rate" || ofSender === "connections");
  if (ofSender !== undefined && !ofMailbox && !GREYLISTED.test(words)) return ofSender;
  if (passing) return judgePassing(digits, subject, words);
  if (ofMailbox || (enhanced === undefined && OWN.test(words))) return "email";
  const doubtful = POLICY.test(words);
  if (enhanced !== undefined && DEAD.has(enhanced)) return doubtful ? "policy" : "recipient";
  if (enhanced === undefined && saysNobody && !doubtful) return "recipient";
  if (enhanced !== undefined && (OWN_CODE.test(enhanced) || saysNobody || OWN.test(words))) return "email";
  return CONTENT.test(words) ? "content" : "policy";
}

/** Codes for a dead mailbox. 5.1.2 (the domain) and 5.2.2 (a full mailbox) may change; 5.1.0, 5.1.7 and 5.1.8 are about senders. */
const DEAD = new Set(["1.1", "1.3", "1.6", "1.10", "2.1"]);
/** Codes about the recipient's domain, a mailbox's limits, size, route or format, or a mailbox or domain with a new owner. */
const OWN_CODE = /^(?:1\.[2459]|2\.\d+|3\.[34]|4\.\d+|6\.\d+|7\.(?:2|17|18))$/;

const SENDING_CODES: Array<[SendingFault, RegExp]> = [
  ["login", /^7\.(?:8|13|14|57)$/],
  ["sender", /^(?:1\.[78]|7\.(?:2[0-4679]|60|509|515))$/],
  ["relay", /^7\.(?:54|64)$/],
  ["block list", /^7\.(?:25|50[123]|511|6[0-4]\d|708)$/],
  ["rate", /^(?:4\.5|7\.(?:28|705))$/],
];

function sendingFault(
  digits: string | undefined,
  enhanced: string | undefined,
  words: string,
): SendingFault | undefined {
  // RFC 4954, RFC 3207.
  if (digits !== undefined && /^53[0458]$/.test(digits)) return "login";
  const byCode = SENDING_CODES.find(([, code]) => code.test(enhanced ?? ""))?.[0];
  return byCode ?? SENDING_WORDS.find(([, pattern]) => pattern.test(words))?.[0];
}

/** Words for each problem on the sending side. The first match counts. */
const SENDING_WORDS: Array<[SendingFault, RegExp]> = [
  ["sender", /\b(?:spf|dkim|dmarc)\b/],
  [
    "connections",
    /too many (?:\w+ ){0,3}(?:connection|session)s?|concurrent|simultaneous|(?:connections?|sessions?) (?:limit|count)|trop de connexions/,
  ],
  [
    "rate",
    /rate.?limit|throttl|(?:unusual|sending|connection|message|email|mail|maximum) rate|at a rate|frequency|too (?:fast|quickly|frequent)|slow down|volume|too (?:much|many) (?:\w+ )?(?:mails?|e-?mails?|messages?|recipients from|spams?|auth|login attempts)|(?:sending|daily|hourly|monthly|messaging|smtp|credits?|per (?:minute|hour|day))\b.{0,30}(?:limit|quota|exceed)|(?:limit|quota|too many|max\w*)\b.{0,40}(?:per|this|an|each|in the last) (?:second|minute|hour|day)|exceeded.{0,30}(?:rate|(?:sending|messages?|messaging|emails?) (?:limits?|quota)|per (?:minute|hour|day))/,
  ],
  [
    "relay",
    /relay(?:ing)? (?:access |is |was |to )*(?:denied|not (?:permitted|allowed)|prohibited|disabled)|(?:unable to|not (?:permitted|allowed|authori[sz]ed) to|cannot|do not|don't) relay|rcpthosts|relaying denied|non-accepted domain|not (?:a )?local(?:ly)? (?:domain|host)/,
  ],
  [
    "block list",
    /(?:block|black|deny|bad|banned).?list|\b(?:dns|rh|r|d)s?bl\b|\bdnsrbl\b|spamhaus|spamcop|barracudacentral|ipcheck|reputation|helo command rejected|\bbanned\b|blocked using|(?:client )?host (?:is )?(?:rejected|blocked|denied|refused)|\bip\b.{0,40}(?:block|reject|refus|denied|listed|not allowed)|(?:block|reject|refus)\w*.{0,20}\bip\b|\[[\d.:a-f]+\].{0,30}(?:blocked|listed|weren't sent)|reverse (?:dns|hostname|lookup)|\b(?:rdns|ptr)\b|connections? (?:will )?not (?:be )?accepted/,
  ],
  [
    "login",
    /(?:authentication|login|log ?in|\bauth) (?:is )?(?:required|needed|failed|failure|credentials)|requires? (?:smtp )?(?:auth|a login)|(?:must|please) (?:first )?(?:authenticate|log ?in|issue)|(?:client|user) (?:was |is )?not authenticated|log in first|invalid credentials|starttls|your (?:account|mailbox)\b/,
  ],
  [
    "sender",
    /sender'?s?(?: e-?mail)?(?: address| domain)?:? (?:is |was |has )?(?:rejected|refused|denied|not |invalid|unknown|verif|blocked|unauthor|does|unresolvable|suspended)|(?:invalid|unknown|bad|unauthori[sz]ed|unverified|forged|null) (?:envelope )?sender|sender (?:identity|signature|verify)|\b(?:envelope.from|return.?path|mail from)\b|'?from'? (?:address|domain|header)|(?:not|isn't|is not) (?:allowed|authori[sz]ed|permitted|verified) to send|(?:address|domain|identit\w+) (?:is |are )?not verified|failed the check|not owned by|send ?as|sandbox|\borigin(?:ating|ator)?\b.{0,20}(?:reject|denied|domain)/,
  ],
];

/** Plain words for a mailbox that nobody has. */
const NOBODY =
  /\bno\W?body\b|no (?:such|known|valid) (?:\w+ )?(?:user|mailbox|recipient|account|address|person|addressee)|no (?:mailbox|account|user|one|person|recipient)s? (?:here|by|at|with|named|of|found)|(?:unknown|invalid|non-?existent|bad|illegal|inactive|disabled) (?:or \w+ )?(?:\w+ )?(?:user|mailbox|recipient|account|addressee|alias|local.?part)|(?:user|account|mailbox|recipient|addressee|alias|person|customer|subscriber|inbox|email address|e-mail address|local.?part)(?: name| address)?(?:\(s\))?[:,]?(?: (?!not)[\w'-]+){0,6}? (?:(?:is|are|was|has been|were) )?(?:currently )?(?:unknown|invalid|disabled|inactive|deactivated|suspended|closed|unavailable|expired|deleted|terminated|discontinued|(?:can)?not (?:be )?(?:found|known|exist|valid|active|available|listed|recogni[sz]ed)|not (?:a )?(?:known|valid)|doesn'?t exist|does not exist|no longer)|(?:doesn'?t|does not) have an? (?:\S+ )?account|(?:do not|don't) have (?:such )?an? (?:user|mailbox|account)|not (?:a )?(?:our|known|valid) (?:customer|user|mailbox|recipient)|recipient(?: address)? rejected(?!:)|recipientnotfound/;

/** Words about this recipient or message that don't prove that the mailbox is gone. */
const OWN =
  /(?:mailbox|inbox|storage|disk|account|user|recipient|folder)\b.{0,40}\b(?:full|quota|storage|too many messages)|(?:over|exceed\w*|out of) ?(?:\w+ ){0,3}(?:quota|storage)|quota exceeded|too (?:large|big)|size (?:limit )?exceed|exceed\w*.{0,30}\bsize|virus|malware|(?:domain|host)(?: name)? (?:is )?(?:not found|unknown|does not exist)|(?:unknown|invalid) (?:host|domain)|unrout|no mx\b|smtputf8|recipient verification/;

/** Words that make it doubtful that the mailbox is at fault. */
const POLICY =
  /polic(?:y|ies)|access (?:is )?denied|prohibit|spam|unsolicited|restrict|not (?:allowed|permitted|authori[sz]ed)|\bblocked\b|gr[ea]y.?list/;
const CONTENT =
  /spam|content|phish|unsolicited|suspicious|\burls?\b|message (?:was |has been |is )?(?:rejected|refused|blocked|denied)/;
const BUSY = /not available|unavailable|closing|shut|busy|overload|later/;
const GREYLISTED = /gr[ea]y.?list/;

/** Postfix's reply to every email while one of its own filters is down. */
const FILTER_DOWN = /^ ?service unavailable/;

/** 421 closes the connection, 454 is about login or encryption, x.3.x is about the whole system. */
function judgePassing(digits: string | undefined, subject: string | undefined, words: string): Fault {
  const closes = digits === "421";
  if (closes && subject === "7") return "rate";
  if (digits === "454" || subject === "3" || FILTER_DOWN.test(words)) return "busy";
  if (closes && (subject === "4" || BUSY.test(words))) return "busy";
  return "email";
}

function wordsOf(text: string): string {
  const own = text.toLowerCase().replace(NEXT_LINE, " ");
  return own.replace(QUOTED, (quoted) => ` ${LISTS.exec(quoted)?.[0] ?? ""} `).replace(/\s+/g, " ");
}
