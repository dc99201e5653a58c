'use strict';

/** A function may take 15 minutes (Lambda's limit), and a minute more for the answer. Milliseconds. */
const SOCKET_TIMEOUT_MILLIS = 960_000;

/**
 * Lets `sls invoke` wait for a step as long as Lambda lets it run, and call it only once. By default osls closes a socket
 * that has been silent for 120 s and then calls the function again, four times. osls reads both variables when it builds
 * its client, after it has constructed its plugins. What the operator has set stays.
 */
class PatientInvoke {
  constructor(serverless) {
    const [command, ...more] = serverless.processedInput.commands;
    if (command === 'invoke' && more.length === 0) this.waitForLongSteps();
  }

  waitForLongSteps() {
    process.env.AWS_CLIENT_TIMEOUT ||= String(SOCKET_TIMEOUT_MILLIS);
    process.env.SLS_AWS_REQUEST_MAX_RETRIES ||= '0';
  }
}

module.exports = PatientInvoke;
