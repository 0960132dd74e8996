/** Roles. The emulator does not enforce them; they are there so that names and documents resolve. */
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListRolePoliciesCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { type Kind, orNothing } from './kind.ts'

export const iamRole = (client: IAMClient): Kind => ({
  async read({ RoleName }) {
    const role = (await orNothing(client.send(new GetRoleCommand({ RoleName }))))?.Role
    if (role === undefined) return undefined
    const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName }))
    const policies = PolicyNames.map(async (PolicyName) => {
      const { PolicyDocument } = await client.send(new GetRolePolicyCommand({ RoleName, PolicyName }))
      return { PolicyName, PolicyDocument: decoded(PolicyDocument) }
    })
    return {
      RoleName,
      AssumeRolePolicyDocument: decoded(role.AssumeRolePolicyDocument),
      Policies: await Promise.all(policies),
    }
  },
  async put({ RoleName, AssumeRolePolicyDocument, Policies }) {
    await client.send(
      new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: JSON.stringify(AssumeRolePolicyDocument) }),
    )
    for (const { PolicyName, PolicyDocument } of Policies)
      await client.send(
        new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: JSON.stringify(PolicyDocument) }),
      )
  },
})

/** IAM gives documents URL-encoded. */
const decoded = (document: string | undefined): unknown =>
  document === undefined ? undefined : JSON.parse(document.startsWith('{') ? document : decodeURIComponent(document))
