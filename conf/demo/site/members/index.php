<?php
// Nothing here is about tokens: httpd has checked them, and has taken their cookies away, before
// this script runs. REMOTE_USER is no request header, so no client can write it.
$name = htmlspecialchars($_SERVER['REMOTE_USER']);
$visits = 1 + (int) ($_COOKIE['visits'] ?? 0);
$cookies = htmlspecialchars(implode(', ', array_keys($_COOKIE)) ?: 'none');
setcookie('visits', (string) $visits, ['path' => '/members/', 'httponly' => true, 'samesite' => 'Lax']);
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Members</title>
<link rel="stylesheet" href="/demo.css">
</head>
<body>
<main>
  <section>
    <h1>Members</h1>
    <p>Hello, <?= $name ?>! This is visit number <?= $visits ?>. Cookies that PHP sees: <?= $cookies ?>.</p>
    <form method="post" action="/auth/logout"><button>Log out</button></form>
  </section>
</main>
</body>
</html>
