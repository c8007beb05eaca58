<?php
// Registra no CRM quem pede atendimento e responde com o que o CRM sabe: o atendente vê na ficha antes de dizer oi.
// O banco aqui é um SQLite com a tabela de clientes; ponha o seu no lugar (PDO: MySQL, PostgreSQL …).
//
//   PAPO_SEGREDO=whsec_… CRM_BANCO=sqlite:/var/lib/crm.sqlite CRM_ENDERECO=https://crm.exemplo.com.br/clientes/ php -S 127.0.0.1:9000 crm.php
declare(strict_types=1);
require __DIR__ . '/../receber.php';

[$id, $evento] = receber();
if ($evento['type'] !== 'chat.requested' || $evento['test']) {
    terminar(204);
}
['chat' => $chat, 'visitor' => $visitante] = $evento['data'];

$banco = new PDO(getenv('CRM_BANCO') ?: 'sqlite:crm.sqlite', getenv('CRM_USUARIO') ?: null, getenv('CRM_SENHA') ?: null);
$banco->setAttribute(PDO::ATTR_ERRMODE, PDO::ERRMODE_EXCEPTION);
$banco->exec('create table if not exists clientes (id integer primary key, nome text, email text, telefone text, desde text, pedidos integer default 0)');
$banco->exec('create table if not exists contatos (evento text primary key, cliente integer, protocolo text, assunto text, em text)');

$banco->beginTransaction();
$busca = $banco->prepare('select * from clientes where email = ? or telefone = ? order by id limit 1');
$busca->execute([$visitante['email'], $visitante['phone']]);
$cliente = $busca->fetch(PDO::FETCH_ASSOC);
$conhecido = $cliente !== false;
if (!$conhecido) {
    $cliente = ['nome' => $visitante['name'], 'email' => $visitante['email'], 'telefone' => $visitante['phone'], 'desde' => $chat['requested_at']];
    $banco->prepare('insert into clientes (nome, email, telefone, desde) values (?, ?, ?, ?)')->execute(array_values($cliente));
    $cliente['id'] = (int) $banco->lastInsertId();
}
// O mesmo evento pode chegar duas vezes: a chave é o id dele.
$registro = $banco->prepare('insert into contatos select ?, ?, ?, ?, ? where not exists (select 1 from contatos where evento = ?)');
$registro->execute([$id, $cliente['id'], $chat['protocol'], $chat['subject'], $chat['requested_at'], $id]);
$banco->commit();

if (!$conhecido) {
    terminar(204);
}
// O Papo só preenche o que falta: nada do que a pessoa digitou é trocado. Cuidado com o que mostra: quem digitou
// este e-mail pode não ser o dono dele (visitor.verified diz o que foi comprovado).
$endereco = rtrim(getenv('CRM_ENDERECO') ?: 'https://crm.example.com/clientes/', '/');
$resposta = [
    'visitor' => ['name' => $cliente['nome'], 'phone' => $cliente['telefone'], 'custom' => ['cliente' => (string) $cliente['id']]],
    'card' => [
        ['title' => 'Cliente desde', 'content' => substr((string) $cliente['desde'], 0, 10), 'url' => "$endereco/{$cliente['id']}"],
        ['title' => 'Pedidos', 'content' => (string) $cliente['pedidos']],
    ],
];
$resposta['visitor'] = array_filter($resposta['visitor'], fn ($valor) => $valor !== null);
terminar(200, json_encode($resposta, JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE), 'application/json');
