import { evaluate, type IamRequest, type PolicyDocument } from './iam-evaluator.ts';
import type { Template } from '../workflow/template-variants.ts';

/** Whether a service of AWS may make a call, according to the policy of the called resource. */
export function serviceMay(
  service: string,
  request: IamRequest & { readonly resourcePolicy: PolicyDocument },
): boolean {
  return evaluate({ policies: [], principal: { service } }, request) === 'ALLOWED';
}

/** The policy that Lambda makes of a template's permissions on its functions, with conditions as Lambda writes them. */
export function functionPolicy({ Resources }: Template): PolicyDocument {
  const permissions = Object.values(Resources).filter(({ Type }) => Type === 'AWS::Lambda::Permission');
  return {
    Statement: permissions.map(({ Properties }) => {
      const { Action, FunctionName, Principal, SourceArn, SourceAccount } = Properties as Record<
        string,
        string
      >;
      const ofArn = SourceArn === undefined ? {} : { ArnLike: { 'aws:SourceArn': SourceArn } };
      const ofAccount =
        SourceAccount === undefined ? {} : { StringEquals: { 'aws:SourceAccount': SourceAccount } };
      return {
        Effect: 'Allow',
        Principal: { Service: Principal ?? '' },
        Action: Action ?? '',
        Resource: FunctionName ?? '',
        Condition: { ...ofArn, ...ofAccount },
      };
    }),
  };
}
