'use strict';

/**
 * The clause that says how to change one parameter of a deployment. A deployment takes no parameter from the one before
 * it: what is left out goes back to its default. And `sls` refuses an empty value.
 */
const deployWith = (name, value) =>
  value === ''
    ? `deploy again without ${name}, and with all other parameters of this stage`
    : `deploy again with --param ${name}=${value} and all other parameters of this stage`;

module.exports = { deployWith };
