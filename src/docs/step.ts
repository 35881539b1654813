/** A step of a guided walk. */
export interface Step {
  title: string;
  text: string;
  command: string;
  status: number;
  /** What later steps need of the answer: the shell's variable, and where in the document its value is. */
  keep: Array<{ name: string; from: string }>;
}
