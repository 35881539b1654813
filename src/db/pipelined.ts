import type { Knex } from "knex";

/**
 * Sends statements of a transaction one after another, each without waiting for the answer to the one before: a busy
 * process would otherwise hold the transaction's locks for as many turns of its event loop as there are statements. They
 * take effect in their order; once one has failed, so do those after it.
 * @param statements none of which needs the answer to another.
 * @throws the first error, when all are answered.
 */
export async function pipelined<Result>(
  trx: Knex.Transaction,
  statements: Array<() => Promise<Result>>,
): Promise<Result[]> {
  const client: Knex.Client = trx.client;
  const connection: { pipeline: boolean } = await client.acquireConnection();
  connection.pipeline = true;
  try {
    const answers = await Promise.allSettled(statements.map((send) => send()));
    return answers.map((answer) => {
      if (answer.status === "rejected") throw answer.reason;
      return answer.value;
    });
  } finally {
    connection.pipeline = false;
    await client.releaseConnection(connection);
  }
}
